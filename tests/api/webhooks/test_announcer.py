"""Facts become deliveries on real NATS, each once, whoever dies."""

import asyncio
import json
from collections.abc import Callable

import pytest

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.records_pb2 import LivestreamRecord
from headwater.internal.v1.webhooks_pb2 import WebhookRecord
from headwater.v1.webhooks_pb2 import Webhook
from services.common import subjects
from services.common.bus.consumer import Reject
from services.common.bus.entry import Entry
from services.common.ids import new_id
from services.common.tasks import cancel, spawn
from tests.api.webhooks.scenes import AT_US, fact
from tests.api.webhooks.stage import KilledError, Stage, staged
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

URL = "http://127.0.0.1:1/"

FATAL_MOMENTS = 10
"""Before and after each write: two webhooks with two deliveries each, and the state that was said."""


async def _livestream(stage: Stage, *, app_id: str = "", tenant: str = "acme") -> str:
    record = LivestreamRecord(id=new_id(), tenant_id=tenant, name="one", app_id=app_id)
    await stage.records.livestreams.create(record.id, record)
    return record.id


def _fact(livestream: str, kind: str, *, later_s: int = 1, broadcast: str = "", **fields: object) -> Fact:
    made = fact(
        kind, id_=new_id(), broadcast=broadcast or livestream[::-1], time_us=AT_US + later_s * 1_000_000, **fields
    )
    made.livestream_id = livestream
    return made


def _events(stage: Stage, webhook: object) -> list[str]:
    """In the order in which they happened."""
    found = stage.deliveries(webhook)  # type: ignore[arg-type]  # a WebhookRecord
    return [record.event for record in sorted(found, key=lambda record: json.loads(record.body)["time"])]


async def test_whole_broadcast_is_told_in_order(stage: Stage) -> None:
    """Connected, created, live, lost, back, ended, ready: with old and new."""
    livestream = await _livestream(stage)
    webhook = await stage.add(URL, events=["livestream.state", "media.created", "media.ready"])
    said = [
        _fact(livestream, "encoder_connected", later_s=1),
        _fact(livestream, "broadcast_started", later_s=2, record=True),
        _fact(livestream, "media_lost", later_s=3),
        _fact(livestream, "media_resumed", later_s=4),
        _fact(livestream, "broadcast_ended", later_s=5, reason="window"),
        _fact(livestream, "recording_completed", later_s=6, duration_us=2_000_000),
    ]
    for each in said:
        await stage.announcer.announce(each)

    found = stage.deliveries(webhook)
    states = [json.loads(record.body) for record in found if record.event == "livestream.state"]
    states.sort(key=lambda body: str(body["time"]))
    assert [(body["data"]["old"], body["data"]["new"]) for body in states] == [
        ("IDLE", "LIVE"),
        ("LIVE", "RECONNECTING"),
        ("RECONNECTING", "LIVE"),
        ("LIVE", "ENDING"),
        ("ENDING", "IDLE"),
    ]
    (ready,) = [json.loads(record.body) for record in found if record.event == "media.ready"]
    assert ready["data"]["media"] | {"createTime": "", "readyTime": ""} == {
        "id": livestream[::-1],
        "livestreamId": livestream,
        "broadcastId": livestream[::-1],
        "state": "READY",
        "name": "one",
        "duration": "2s",
        "createTime": "",
        "readyTime": "",
        "playouts": [{"protocol": "hls", "url": f"http://live.example:8088/{livestream[::-1]}/index.m3u8"}],
    }
    assert sum(record.event == "media.created" for record in found) == 1


async def test_fact_told_twice_makes_one_delivery(stage: Stage) -> None:
    """The whole series again, as after an outage of NATS: nothing new."""
    livestream = await _livestream(stage)
    webhook = await stage.add(URL)
    said = [
        _fact(livestream, "broadcast_started", record=True),
        _fact(livestream, "media_lost", later_s=2),
        _fact(livestream, "media_resumed", later_s=3),
    ]
    for each in (*said, *said):
        await stage.announcer.announce(each)

    assert sorted(_events(stage, webhook)) == ["livestream.state"] * 3 + ["media.created"]


async def test_filters_decide_who_hears(stage: Stage) -> None:
    """Events, livestreams, apps, the switch, the tenant, and the age of the webhook."""
    livestream = await _livestream(stage, app_id="shop")
    other = await _livestream(stage)
    all_of_it = await stage.add(URL)
    by_event = await stage.add(URL, events=["livestream.disconnected"])
    by_livestream = await stage.add(URL, livestream_ids=[livestream])
    by_other = await stage.add(URL, livestream_ids=[other])
    by_default_app = await stage.add(URL, app_id="default")
    disabled = await stage.add(URL, is_disabled=True)
    strangers = (await stage.webhooks.create("stranger", all_of_it)).record
    stage.clock.advance(60)
    newer = await stage.add(URL)

    await stage.announcer.announce(_fact(livestream, "encoder_connected"))
    await stage.announcer.announce(_fact(other, "encoder_disconnected"))

    expected = {
        all_of_it.id: {livestream, other},
        by_event.id: {other},
        by_livestream.id: {livestream},
        by_other.id: {other},
        by_default_app.id: {other},
        disabled.id: set(),
        strangers.id: set(),
        newer.id: set(),
    }
    webhooks = (all_of_it, by_event, by_livestream, by_other, by_default_app, disabled, strangers, newer)
    heard = {webhook.id: {record.livestream_id for record in stage.deliveries(webhook)} for webhook in webhooks}
    assert heard == expected


async def test_fact_about_nobodys_livestream_says_nothing(stage: Stage) -> None:
    """A livestream that is gone has no tenant to be told."""
    webhook = await stage.add(URL)

    await stage.announcer.announce(_fact(new_id(), "encoder_connected"))

    assert stage.deliveries(webhook) == []


async def test_deleted_media_is_told_though_its_record_is_gone(stage: Stage) -> None:
    """The fact itself names the tenant."""
    webhook = await stage.add(URL, format=Webhook.STREAMDIVER)
    media = new_id()
    gone = _fact(new_id(), "media_changed", change="deleted", is_permanent=True, tenant_id="acme", media_id=media)

    await stage.announcer.announce(gone)

    bodies = [json.loads(record.body) for record in stage.deliveries(webhook)]
    (deleted,) = [body for body in bodies if body["event"] == "media.deleted"]
    assert deleted["permanent"] is True
    assert deleted["mediaId"].replace("-", "") == media


async def test_no_secret_is_in_any_body(stage: Stage) -> None:
    """Neither the stream key nor what seals it nor the webhook's own secret."""
    livestream = await _livestream(stage)
    webhooks = [await stage.add(URL, format=format_) for format_ in range(1, 6)]
    for kind in ("encoder_connected", "broadcast_started", "recording_completed"):
        await stage.announcer.announce(_fact(livestream, kind))

    bodies = b"".join(record.body for webhook in webhooks for record in stage.deliveries(webhook))
    assert bodies
    assert b'"streamKey":""' in bodies
    assert not any(stage.secrets.open(webhook).encode() in bodies for webhook in webhooks)
    assert b"sealed" not in bodies


async def test_fact_has_no_more_moments_than_are_tested(stage: Stage) -> None:
    """A new write asks for a new row below."""
    livestream = await _livestream(stage, tenant="counted")
    for _ in range(2):
        await stage.webhooks.create("counted", WebhookRecord(url=URL))
    mortal, fatal = stage.mortal(1000)
    await mortal.announcer.announce(_fact(livestream, "broadcast_started", record=True))

    assert fatal.count == FATAL_MOMENTS


@pytest.mark.parametrize("moment", range(1, FATAL_MOMENTS + 1))
async def test_killed_at_any_moment_every_delivery_is_made_once(stage: Stage, moment: int) -> None:
    """Two webhooks, two events and the said state: the fact comes again, and what is there already stays."""
    tenant = f"killed {moment}"
    livestream = await _livestream(stage, tenant=tenant)
    webhooks = [(await stage.webhooks.create(tenant, WebhookRecord(url=URL))).record for _ in range(2)]
    started = _fact(livestream, "broadcast_started", record=True)
    mortal, fatal = stage.mortal(moment)
    with pytest.raises(KilledError):
        await mortal.announcer.announce(started)

    await stage.announcer.announce(started)
    await stage.announcer.announce(_fact(livestream, "media_lost", later_s=2))

    assert fatal.count == moment
    for webhook in webhooks:
        bodies = [json.loads(record.body) for record in stage.deliveries(webhook)]
        assert sorted(body["data"].get("new", body["type"]) for body in bodies) == [
            "LIVE",
            "RECONNECTING",
            "media.created",
        ]


async def test_what_happened_while_nobody_listened_is_told_afterwards(stage: Stage, nats: NatsServer) -> None:
    """Facts wait in the log for the next api, which goes on where the last one was."""
    livestream = await _livestream(stage)
    webhook = await stage.add(URL, livestream_ids=[livestream], events=["livestream.connected"])
    log = await stage.spine.facts()

    for count in (1, 2):
        said = _fact(livestream, "encoder_connected", later_s=count)
        await log.append(subjects.fact("encoder_connected", livestream), said.SerializeToString(), msg_id=said.id)
        async with staged(nats.url) as other:
            running = spawn(other.announcer.run(), name="announcer")
            await _until(lambda: len(stage.deliveries(webhook)) == count)  # noqa: B023  awaited at once
            await cancel(running)

    assert len({record.id for record in stage.deliveries(webhook)}) == 2


async def test_facts_keep_their_order_over_replicas(stage: Stage, nats: NatsServer) -> None:
    """Two announcers share them, one fact at a time, so no state is skipped."""
    livestream = await _livestream(stage)
    webhook = await stage.add(URL, livestream_ids=[livestream], events=["livestream.state"])
    log = await stage.spine.facts()
    kinds = ["broadcast_started", *(["media_lost", "media_resumed"] * 10)]
    for later_s, kind in enumerate(kinds, 1):
        said = _fact(livestream, kind, later_s=later_s)
        await log.append(subjects.fact(kind, livestream), said.SerializeToString(), msg_id=said.id)

    async with staged(nats.url) as other:
        running = [spawn(each.announcer.run(), name="announcer") for each in (stage, other)]
        await _until(lambda: len(stage.deliveries(webhook)) == len(kinds))
        for task in running:
            await cancel(task)

    bodies = sorted((json.loads(record.body) for record in stage.deliveries(webhook)), key=lambda body: body["time"])
    told = [(body["data"]["old"], body["data"]["new"]) for body in bodies]
    assert told == [("IDLE", "LIVE"), *([("LIVE", "RECONNECTING"), ("RECONNECTING", "LIVE")] * 10)]


async def test_what_is_no_fact_is_put_aside(stage: Stage) -> None:
    """It must not keep those behind it waiting."""
    with pytest.raises(Reject):
        await stage.announcer.handle(Entry("facts.encoder_connected.x", 1, 0, b"\xff"), 1)


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not is_so():  # noqa: ASYNC110  the read model has no event for it
            await asyncio.sleep(0.01)
