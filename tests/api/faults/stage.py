"""What stands before each order: a tenant of its own with a livestream, a recording, and one of everything else."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from headwater.internal.v1.onair_pb2 import OnAir, Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord
from services.api.caller import tenant_of
from services.api.repository import Stored
from services.common.ids import is_id, new_id
from tests.api.faults.replica import Replica

Answer = dict[str, Any]


@dataclass
class Stage:
    """One tenant, as two replicas see it."""

    dying: Replica
    other: Replica
    tenant: str = field(default_factory=lambda: f"t{new_id()[:12]}")
    token: str = ""
    """Streamdiver's tenant is its token's."""
    livestream: str = ""
    broadcast: str = field(default_factory=new_id)
    media: str = field(default_factory=new_id)
    made: dict[str, str] = field(default_factory=dict)
    """Ids of what an order is about, by what it is."""

    async def call(self, verb: str, path: str, body: Any = None, *, key: str = "", tenant: str = "") -> Answer:
        """An order that must succeed."""
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        headers |= {"X-Headwater-Tenant": tenant} if tenant else {}
        response = await self.dying.call(verb, path, body, **headers)
        assert response.status_code == 200, f"{verb} {path}: {response.status_code} {response.text}"
        return dict(response.json()) if response.content else {}

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Headwater-Tenant": self.tenant}

    async def prepare(self, *, is_on_air: bool) -> None:
        """A gated livestream with a recording of an earlier broadcast, and on air where that is wanted."""
        await self.call("POST", "/v1/tenants", {"id": self.tenant}, tenant="default")
        self.token = (await self.call("POST", "/v1/tokens", {"scope": "WRITE"}))["secret"]
        self.livestream = (await self.call("POST", "/v1/livestreams", {"name": "show", "publishGate": True}))["id"]
        await self._record()
        if is_on_air:
            await self._go_on_air()

    async def _record(self) -> None:
        recorded = Playback(
            livestream_id=self.livestream,
            broadcast_id=self.media,
            store_prefix=f"{self.media}-secret",
            state=Playback.RECORDED,
            is_recorded=True,
            duration_us=10_000_000,
            start_time_us=1,
            end_time_us=2,
            tenant_id=self.tenant,
        )
        await self.dying.records.playback.create(self.media, recorded)
        await self.dying.domain.chronicle.note_playback(recorded)

    async def _go_on_air(self) -> None:
        records = self.dying.records
        stored = await records.livestreams.get(self.livestream)
        assert stored is not None
        record = stored.record
        on_air = OnAir(broadcast_id=self.broadcast, start_time_us=record.create_time_us, rules=record.rules)
        await records.on_air.create(self.livestream, on_air)
        await self.dying.domain.chronicle.note_on_air(self.livestream, on_air)
        await records.broadcasts.change(self.broadcast, _with_picture)

    # -- what has become of it ----------------------------------------------------------------------

    async def census(self) -> dict[str, Any]:
        """All that the store of records, the object store and the bus have of this tenant, without ids and times."""
        its = {self.livestream, *(one.key for one in self._livestreams())}
        found = {
            name: Counter(self._shape(stored.record) for stored in repository.items() if self._has(stored, its))
            for name, repository in self._repositories()
        }
        said = [*self.dying.facts.said.values(), *self.other.facts.said.values()]
        facts = {self._shape(each) for each in said if each.livestream_id in its}
        return {**found, "objects": len(await self.objects()), "facts": facts}

    async def objects(self) -> list[str]:
        """Keys in the object store under the prefixes of what the tenant has, or had."""
        prefixes = [f"thumbnails/{self.livestream}/", f"{self.media}-secret/"]
        listed = [await self.other.store.list(prefix) for prefix in prefixes]
        return [each.key for some in listed for each in some]

    def _livestreams(self) -> list[Any]:
        return [one for one in self.other.records.livestreams.items() if tenant_of(one.record) == self.tenant]

    def _repositories(self) -> list[tuple[str, Any]]:
        own = self.other.webhooking.own
        more = [("signing keys", self.other.protecting.key_records), ("webhooks", own.webhooks)]
        return [*self.other.records.followed(), *more, ("deliveries", own.deliveries)]

    def _has(self, stored: Stored[Any], livestreams: set[str]) -> bool:
        record = stored.record
        if stored.key in livestreams or getattr(record, "livestream_id", "") in livestreams:
            return True
        if getattr(record, "media_id", "") == self.media:
            return True
        return any(getattr(record, name, "").startswith(self.tenant) for name in ("tenant_id", "id", "name"))

    # -- what may never be --------------------------------------------------------------------------

    async def wrong(self) -> list[str]:
        """What does not agree, in words; empty when the keeper has finished."""
        return [*self._unfinished(), *self._unsaid(), *await self._lost_objects(), *await self._differing()]

    def _unfinished(self) -> Iterator[str]:
        records = self.other.records
        for one in self._livestreams():
            if one.record.delete_time_us:
                yield "a deletion is not finished"
            elif not self.other.domain.livestreams.consequences.are_drawn(one.record):
                yield "what follows from a record is not done"
        for key in records.keys.items():
            if key.record.tenant_id == self.tenant and records.livestreams.peek(key.record.livestream_id) is None:
                yield "a key opens nothing"
        for media in self._media():
            cut = records.playback.peek(media.key)
            if not self.other.domain.recordings.is_withheld_rightly(media.record):
                yield "origins show what is deleted, or hide what is not"
            if cut is None or cut.record.state == Playback.GONE:
                yield "a media is listed that does not play"
        for playback in records.playback.items():
            is_cut = playback.record.clipped_from == self.media and playback.record.state == Playback.RECORDED
            if is_cut and records.media.peek(playback.key) is None:
                yield "a clip takes room and is not listed"

    def _unsaid(self) -> Iterator[str]:
        said = self.dying.facts.said | self.other.facts.said
        changes = [change for one in self._livestreams() for change in one.record.history]
        changes += [one.record.last_change for one in self._media() if one.record.last_change.fact_id]
        if any(change.fact_id not in said for change in changes):
            yield "a change was never said"
        told = [fact for fact in said.values() if fact.livestream_id == self.livestream]
        is_gone = any(fact.media_changed.is_permanent for fact in told)
        if self.other.records.media.peek(self.media) is None and not is_gone:
            yield "the deletion of a media was never said"
        is_deleted = any(fact.livestream_changed.change == "deleted" for fact in told)
        if self.other.records.livestreams.peek(self.livestream) is None and not is_deleted:
            yield "the deletion of a livestream was never said"

    async def _lost_objects(self) -> list[str]:
        kept, named = set(await self.objects()), self._named_objects()
        lost = [f"nothing names {key}" for key in kept - named]
        return lost + [f"{key} is named and not there" for key in named - kept]

    async def _differing(self) -> list[str]:
        """What a dialect shows otherwise than /v1."""
        records, found = self.other.records, []
        views: list[tuple[Stored[Any] | None, str, tuple[str, ...]]] = [
            (records.livestreams.peek(self.livestream), f"/v1/livestreams/{self.livestream}", LIVESTREAM_VIEWS),
            (records.media.peek(self.media), f"/v1/media/{self.media}", MEDIA_VIEWS),
        ]
        for stored, path, others in views:
            name = f'"{stored.record.name}"' if stored is not None else ""
            native = await self._seen(path, name)
            is_in_bin = stored is not None and native[0] == 200 and bool(stored.record.delete_time_us)
            for other in others:
                theirs = await self._seen(other.format(self), name)
                wanted = (404, False) if is_in_bin and other in BINLESS else native
                if theirs != wanted:
                    found.append(f"{other} shows {theirs}, /v1 {native}")
        return found

    async def _seen(self, path: str, name: str) -> tuple[int, bool]:
        """Whether it is there, and goes by its name."""
        answer = await self.other.call("GET", path, **self.headers, Authorization=f"Bearer {self.token}")
        return answer.status_code, answer.status_code == 200 and name in answer.text

    def _shape(self, message: Message) -> str:
        told = repr(_bare(MessageToDict(message, preserving_proto_field_name=True)))
        return told.replace(self.tenant, "tenant")

    def _media(self) -> list[Any]:
        return [one for one in self.other.records.media.items() if tenant_of(one.record) == self.tenant]

    def _named_objects(self) -> set[str]:
        thumbnails = {one.record.thumbnail_object_key for one in (*self._livestreams(), *self._media())} - {""}
        return thumbnails | {each.object_key for one in self._media() for each in one.record.captions}


_CLOUDFLARE = "/cloudflare/client/v4/accounts/{0.tenant}"
LIVESTREAM_VIEWS = (
    "/cloudinary/v2/video/{0.tenant}/live_streams/{0.livestream}",
    _CLOUDFLARE + "/stream/live_inputs/{0.livestream}",
    _CLOUDFLARE + "/realtime/kit/default/livestreams/{0.livestream}",
    "/streamdiver/v2/livestreams/{0.livestream}",
)
BINLESS = (_CLOUDFLARE + "/stream/{0.media}",)
"""What is deleted and can be restored is not there, as with the vendor."""
MEDIA_VIEWS = (*BINLESS, "/streamdiver/v2/media/{0.media}")


def _with_picture(record: BroadcastRecord | None) -> BroadcastRecord | None:
    assert record is not None
    record.source_time_us = record.start_time_us
    return record


_PASSING = ("_us", "_time", "id", "digest", "sealed", "revision", "order_id", "fact_id", "key", "prefix")


def _bare(value: Any) -> Any:
    """Without what differs each time: ids, times, secrets."""
    if isinstance(value, dict):
        return {
            name: (bool(inner) if name.endswith(_PASSING) or name.startswith("sealed") else _bare(inner))
            for name, inner in sorted(value.items())
        }
    if isinstance(value, list):
        return [_bare(inner) for inner in value]
    if isinstance(value, str) and (len(value) > 24 or is_id(value)):
        return "…"
    return value
