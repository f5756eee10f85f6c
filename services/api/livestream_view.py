"""A livestream as callers see it, out of its record and its newest broadcast. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from headwater.internal.v1.records_pb2 import (
    BroadcastRecord,
    CredentialRecord,
    InputKey,
    LivestreamRecord,
    OutputRecord,
    RecordingRules,
)
from headwater.v1.broadcasts_pb2 import Broadcast
from headwater.v1.livestreams_pb2 import Input, Livestream, Playout, Recording
from headwater.v1.outputs_pb2 import Output
from services.api import broadcast, output
from services.api.caller import DEFAULT, tenant_of
from services.api.repository import Stored
from services.api.standing import shows_inputs, standing_of
from services.api.timestamps import milliseconds, timestamp
from services.api.urls import Urls

OpenKey = Callable[[InputKey], str]
"""Unseals a stream key."""

OpenOutput = Callable[[OutputRecord], str]
"""Unseals a target's stream key."""


@dataclass(frozen=True, slots=True)
class Sight:
    """How the present caller sees livestreams. Keys are None for those who may not see them."""

    urls: Urls
    now_us: int
    open_key: OpenKey | None = None
    open_output: OpenOutput | None = None
    inputs: Callable[[str, Sequence[CredentialRecord]], Sequence[Input]] = field(default=lambda _id, _kept: ())
    """Of protocols beside RTMP."""
    playouts: Callable[[str, Sequence[CredentialRecord]], Sequence[Playout]] = field(default=lambda _id, _kept: ())


def livestream(stored: Stored[LivestreamRecord], newest: BroadcastRecord | None, sight: Sight) -> Livestream:
    record = stored.record
    standing = standing_of(record, newest, sight.now_us)
    on_air = newest if newest is not None and broadcast.is_on_air(newest) else None
    shown = Livestream(
        id=record.id,
        name=record.name,
        metadata=record.metadata,
        state=standing.state,
        create_time=timestamp(record.create_time_us),
        update_time=timestamp(record.update_time_us),
        state_time=timestamp(standing.time_us),
        state_reason=standing.reason,
        playouts=_playouts(record, sight),
        outputs=[public_output(record, each, sight) for each in output.outputs_of(record)],
        broadcast_id=newest.id if newest else "",
        source_instance=on_air.source_instance if on_air else "",
        publish_time=timestamp(publish_time_us(on_air)) if on_air else None,
        keys_rotate_time=timestamp(record.keys_rotate_time_us),
        thumbnail_url=sight.urls.thumbnail(record.id),
        etag=str(stored.revision),
        tenant_id=tenant_of(record),
        app_id=record.app_id or DEFAULT,
    )
    if shows_inputs(record, newest, sight.now_us):
        shown.inputs.extend(_input(key, on_air, sight) for key in record.input_keys)
        shown.inputs.extend(sight.inputs(record.id, record.credentials))
    _show_settings(shown, record)
    return shown


def _show_settings(shown: Livestream, record: LivestreamRecord) -> None:
    shown.reconnect_window.CopyFrom(milliseconds(record.rules.reconnect_window_ms))
    shown.fail_back = record.rules.fail_back
    shown.record = output.has_output(record, Output.ARCHIVE)
    shown.enabled = not record.is_disabled
    shown.creator = record.creator
    shown.start = record.start or Livestream.AUTOMATIC
    shown.single_use = record.is_single_use
    shown.publish_gate = record.rules.is_gated
    if record.rules.max_run_time_ms:
        shown.max_run_time.CopyFrom(milliseconds(record.rules.max_run_time_ms))
    shown.dvr, shown.low_latency = not record.has_no_dvr, not record.has_no_low_latency
    is_automatic = shown.record and output.has_output(record, Output.HLS)
    shown.recording.CopyFrom(_recording(record.recording, is_automatic=is_automatic))


def _recording(rules: RecordingRules, *, is_automatic: bool) -> Recording:
    return Recording(
        mode=Recording.AUTOMATIC if is_automatic else Recording.OFF,
        retention_days=rules.retention_days or None,
        require_signed_urls=rules.require_signed_urls,
        allowed_origins=rules.allowed_origins,
        hide_viewer_count=rules.hide_viewer_count,
    )


def publish_time_us(record: BroadcastRecord) -> int:
    """What has no gate is published from its beginning."""
    return record.publish_time_us or (0 if record.is_gated else record.start_time_us)


def _playouts(record: LivestreamRecord, sight: Sight) -> list[Playout]:
    hls = sight.urls.playouts(record.id) if output.has_output(record, Output.HLS) else []
    return [*hls, *sight.playouts(record.id, record.credentials)]


def _input(key: InputKey, on_air: BroadcastRecord | None, sight: Sight) -> Input:
    is_connected = (
        on_air is not None
        and on_air.state in {Broadcast.LIVE, Broadcast.RECEIVING}
        and key.instance in on_air.encoders  # looking up alone would add it
        and on_air.encoders[key.instance].is_connected
    )
    shown = Input(instance=key.instance, protocol="rtmp", url=sight.urls.rtmp, is_connected=is_connected)
    if sight.open_key is not None:
        shown.stream_key = sight.open_key(key)
    return shown


def public_output(of: LivestreamRecord, record: OutputRecord, sight: Sight) -> Output:
    """Nothing is pushed yet: a simulcast output is kept and checked, and stands disconnected."""
    shown = Output(
        id=record.id,
        livestream_id=of.id,
        type=record.type,
        name=record.name,
        url=record.url,
        vendor=record.vendor,
        public_id=record.public_id,
        create_time=timestamp(record.create_time_us),
        update_time=timestamp(record.update_time_us),
    )
    if record.type == Output.HLS:
        shown.url = sight.urls.playouts(of.id)[0].url
    if record.type == Output.SIMULCAST:
        shown.enabled, shown.state = not record.is_disabled, Output.DISCONNECTED
        if sight.open_output is not None and record.sealed_stream_key:
            shown.stream_key = sight.open_output(record)
    return shown
