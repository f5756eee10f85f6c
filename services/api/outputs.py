"""Outputs as people order them: each order is one write of the livestream's record."""

from collections.abc import Iterable
from dataclasses import dataclass

from headwater.internal.v1.records_pb2 import HistoryRecord, LivestreamRecord, OutputRecord
from headwater.v1.outputs_pb2 import Output
from services.api import output
from services.api.livestreams import Livestreams
from services.api.once import id_of
from services.api.output_keys import OutputKeys
from services.api.repository import Stored
from services.common.errors import AppError, Kind
from services.common.targets import OUTPUT_PORTS, Targets


@dataclass(frozen=True)
class Outputs:
    """The domain's outputs. Errors: AppError NOT_FOUND, CONFLICT, FAILED_PRECONDITION, INVALID, UNAVAILABLE."""

    livestreams: Livestreams
    keys: OutputKeys
    targets: Targets

    async def create(self, livestream: str, given: Output) -> tuple[LivestreamRecord, OutputRecord]:
        """One more. HLS and ARCHIVE only off air."""
        stored, drawn = await self.livestreams.get(livestream), id_of(f"output/{livestream}")
        if not given.type:
            raise AppError(Kind.INVALID, "must be HLS, ARCHIVE or SIMULCAST", field="output.type")
        known = next((each for each in output.outputs_of(stored.record) if each.id == drawn), None)
        if known is not None:  # made by this very order, whose answer was lost
            return (await self.livestreams.again(stored)).record, known
        output.check_room(stored.record, given.type)
        if given.type == Output.SIMULCAST and given.url:
            stored = await self._led_outside(livestream, given.url)
            output.check_room(stored.record, given.type)
        await self._check_off_air(stored, given.type)
        now_us = self.livestreams.now_us()
        if given.type in output.LASTING:
            made = output.default_output(livestream, given.type, now_us)
            made.id = drawn
        else:
            made = OutputRecord(id=drawn, type=given.type, vendor=given.vendor, create_time_us=now_us)
        fields = {field.name for field, _ in given.ListFields()} & _SETTABLE[given.type]
        return await self._put(stored, made, given, self._change("output-created", fields))

    async def update(
        self, livestream: str, given: Output, fields: frozenset[str]
    ) -> tuple[LivestreamRecord, OutputRecord]:
        """Change fields; type and vendor never change."""
        stored = await self.livestreams.get(livestream)
        kept = output.find(stored.record, given.id)
        order = id_of(f"update/{given.id}")
        if self.livestreams.is_again(stored, order):
            return (await self.livestreams.again(stored)).record, kept
        await self._check_off_air(stored, kept.type)
        for field in fields - _SETTABLE[kept.type]:
            raise AppError(Kind.INVALID, f"cannot be set of this type: {field}", field=f"output.{field}")
        if kept.type == Output.SIMULCAST and "url" in fields:  # one that leads elsewhere by now can be switched off
            stored = await self._led_outside(livestream, given.url)
            kept = output.find(stored.record, given.id)
        changed = OutputRecord()
        changed.CopyFrom(kept)
        return await self._put(stored, changed, given, self._change("output-updated", fields, order))

    async def delete(self, livestream: str, which: str) -> None:
        stored = await self.livestreams.get(livestream)
        gone = output.find(stored.record, which)
        await self._check_off_air(stored, gone.type)
        record = LivestreamRecord()
        record.CopyFrom(stored.record)
        output.put_outputs(record, [each for each in output.outputs_of(record) if each.id != which])
        change = self.livestreams.telling.change("output-deleted", [Output.Type.Name(gone.type)])
        await self.livestreams.write(stored, record, change)

    async def _led_outside(self, livestream: str, url: str) -> Stored[LivestreamRecord]:
        """Check where an URL leads; the livestream as it stands after that, since a name may take seconds."""
        await self.targets.check(url, field="output.url", ports=OUTPUT_PORTS)
        return await self.livestreams.get(livestream)

    def _change(self, kind: str, fields: Iterable[str], order: str = "") -> HistoryRecord:
        return self.livestreams.telling.change(kind, [f"outputs.{each}" for each in fields], fact_id=order)

    async def _put(
        self,
        stored: Stored[LivestreamRecord],
        made: OutputRecord,
        given: Output,
        change: HistoryRecord,
    ) -> tuple[LivestreamRecord, OutputRecord]:
        fields = frozenset(each.partition(".")[2] for each in change.fields)
        self._take(stored.key, made, given, fields)
        made.update_time_us = self.livestreams.now_us()
        record = LivestreamRecord()
        record.CopyFrom(stored.record)
        others = output.outputs_of(record)
        if made.type == Output.SIMULCAST:
            self._check_unique(stored.record, made)
        place = next((n for n, each in enumerate(others) if each.id == made.id), len(others))
        output.put_outputs(record, [*others[:place], made, *others[place + 1 :]])
        written = await self.livestreams.write(stored, record, change)
        return written.record, made

    def _take(self, livestream: str, made: OutputRecord, given: Output, fields: frozenset[str]) -> None:
        for field in fields & {"name", "public_id", "url"}:
            setattr(made, field, getattr(given, field))
        if "stream_key" in fields:
            made.sealed_stream_key = self.keys.seal(livestream, made.id, given.stream_key)
        if "enabled" in fields:
            made.is_disabled = given.HasField("enabled") and not given.enabled
        if made.type == Output.SIMULCAST:
            output.check_target(made.url)
        if made.type == Output.ARCHIVE and not made.public_id:
            made.public_id = f"live_stream_{livestream}_archive"

    def _check_unique(self, record: LivestreamRecord, made: OutputRecord) -> None:
        for each in output.outputs_of(record):
            is_other = each.type == Output.SIMULCAST and each.id != made.id
            if is_other and self._target(record.id, each) == self._target(record.id, made):
                raise AppError(Kind.CONFLICT, "another output goes to this URL with this key", field="output.url")

    def _target(self, livestream: str, record: OutputRecord) -> tuple[str, str]:
        key = self.keys.show(livestream, record) if record.sealed_stream_key else ""
        return record.url.rstrip("/"), key

    async def _check_off_air(self, stored: Stored[LivestreamRecord], kind: Output.Type.ValueType) -> None:
        if kind in output.LASTING and await self.livestreams.orders.is_on_air(stored.key):
            name = Output.Type.Name(kind)
            raise AppError(Kind.FAILED_PRECONDITION, f"the livestream is on air; its {name} output cannot change now")


_SETTABLE = {
    Output.HLS: frozenset({"name"}),
    Output.ARCHIVE: frozenset({"name", "public_id"}),
    Output.SIMULCAST: frozenset({"name", "url", "stream_key", "enabled"}),
}
