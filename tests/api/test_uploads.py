"""What is put into the store beside recordings, and what goes from there."""

from collections.abc import AsyncIterator

import pytest

from headwater.internal.v1.records_pb2 import CaptionRecord, MediaRecord
from services.api.records import Records, open_records
from services.api.uploads import LOST_AFTER_S, Owner, Upload, Uploads
from services.common.bus.connection import connect
from services.common.clock import ManualClock
from services.common.errors import AppError, Kind
from services.common.ids import new_id
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from tests.api.in_process import KeptObjects
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

NEW = Upload("new", b"n", "text/vtt")


@pytest.fixture
async def records(nats: NatsServer) -> AsyncIterator[Records]:
    bus = await connect(nats.url, name="test")
    yield await open_records(Spine(bus, ServiceSettings()), noticed=lambda _key: None)
    await bus.close()


async def _write() -> str:
    return "written"


async def test_new_object_takes_the_place_of_the_old_one(records: Records) -> None:
    """And nothing is left to be looked after."""
    store = KeptObjects({"old": b"o"})
    uploads = Uploads(records, store, ManualClock())

    assert await uploads.swap(Owner(media_id=new_id()), NEW, "old", _write) == "written"
    assert store.objects == {"new": b"n"}
    assert records.uploads.items() == []


@pytest.mark.parametrize("kind", [Kind.CONFLICT, Kind.NOT_FOUND, Kind.UNAVAILABLE])
async def test_object_that_no_record_names_is_taken_back(records: Records, kind: Kind) -> None:
    """At once where the record was refused; after UNAVAILABLE it may name it, and the keeper looks later."""
    store, clock, media = KeptObjects({"old": b"o"}), ManualClock(), new_id()
    uploads = Uploads(records, store, clock)

    async def refuse() -> None:
        raise AppError(kind, "not written")

    with pytest.raises(AppError):
        await uploads.swap(Owner(media_id=media), NEW, "old", refuse)
    assert set(store.objects) == ({"new", "old"} if kind is Kind.UNAVAILABLE else {"old"})

    record = MediaRecord(id=media, captions=[CaptionRecord(language="en", object_key="old")])
    await records.media.create(media, record)
    clock.advance(LOST_AFTER_S - 1)
    await uploads.sweep()
    assert len(store.objects) == (2 if kind is Kind.UNAVAILABLE else 1)
    clock.advance(2)
    await uploads.sweep()
    assert set(store.objects) == {"old"}
    assert records.uploads.items() == []
