"""Made-up units, fast: what the program does with them depends on times, sizes and marks, never on pictures."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from services.common.media.framing import Head, Kind, encode_closed, encode_config, encode_head, encode_unit
from services.common.media.unit import CLOCK_RATE, Codec, Config, Track, Unit
from tests.packager.program.encoder import Message, encode

START_US = 1_700_000_000_000_000
AAC_48K = Config(Track.AUDIO, Codec.AAC, bytes([0x11, 0x90]))
AAC_44K = Config(Track.AUDIO, Codec.AAC, bytes([0x12, 0x10]))


def avc(size: tuple[int, int] = (160, 90)) -> Config:
    """The config of a real encoder."""
    return encode(seconds=0.2, size=size).video


def ms(seconds: float) -> int:
    """A time in ticks, in whole milliseconds as RTMP has it."""
    return round(seconds * 1000) * CLOCK_RATE // 1000


@dataclass
class Source:
    """An encoder's sum: what it sends from `since_s` to `until_s` of its own time."""

    tag: str
    """Begins each payload, so that no two units are equal."""
    until_s: float
    since_s: float = 0.0
    gop_s: float = 2.0
    fps: float = 30.0
    b_frames: int = 0
    is_pyramid: bool = True
    """Of B-frames: each is shown before the one that is sent before it."""
    video: Config | None = field(default_factory=avc)
    audio: Config | None = AAC_48K
    sound_from_s: float = 0.0
    sound_until_s: float = 1e9
    frame_bytes: int = 40

    def units(self) -> list[Unit]:
        """In the order of their decode times."""
        found = self._pictures() + self._sound()
        return sorted(found, key=lambda unit: (unit.dts, unit.track))

    def _pictures(self) -> list[Unit]:
        if self.video is None:
            return []
        first, last = round(self.since_s * self.fps), round(self.until_s * self.fps)
        return [
            self._unit(Track.VIDEO, at, at / self.fps, shown=(shown + self._delay) / self.fps, is_key=is_key)
            for at, (shown, is_key) in enumerate(self._coded(last))
            if first <= at < last
        ]

    @property
    def _delay(self) -> int:
        """Frames from decoding a key frame to showing it."""
        return min(self.b_frames, 2 if self.is_pyramid else 1)

    @property
    def delay_s(self) -> float:
        return self._delay / self.fps

    def _coded(self, count: int) -> list[tuple[int, bool]]:
        """Numbers of at least so many frames as shown, in the order of coding; True for key frames."""
        gop = max(1, round(self.gop_s * self.fps))
        found: list[tuple[int, bool]] = []
        for key in range(0, count, gop):
            found.append((key, True))
            for begin in range(key + 1, key + gop, self.b_frames + 1):
                *between, last = range(begin, min(begin + self.b_frames + 1, key + gop))
                order = between[1:2] + between[:1] + between[2:] if self.is_pyramid else between
                found += [(number, False) for number in (last, *order)]
        return found

    def _sound(self) -> list[Unit]:
        if self.audio is None:
            return []
        rate = 44_100 if self.audio == AAC_44K else 48_000
        begin, end = max(self.since_s, self.sound_from_s), min(self.until_s, self.sound_until_s)
        numbers = range(-(-int(begin * rate) // 1024), int((end - self.delay_s) * rate) // 1024)
        return [self._unit(Track.AUDIO, i, i * 1024 / rate + self.delay_s, is_key=True) for i in numbers]

    def _unit(self, track: Track, number: int, seconds: float, *, is_key: bool, shown: float | None = None) -> Unit:
        name = f"{self.tag}.{track.name[0]}{number}."
        cts = 0 if shown is None else max(ms(shown) - ms(seconds), 0)
        return Unit(track, ms(seconds), cts, is_key, name.encode().ljust(self.frame_bytes, b"\0"))

    @property
    def configs(self) -> tuple[Config, ...]:
        return tuple(config for config in (self.video, self.audio) if config is not None)


def name_of(payload: bytes) -> str:
    """Inverse of what a Source puts into its payloads."""
    return payload.rstrip(b"\0").decode()


Entry = Unit | Config


def with_configs(units: Iterable[Unit], configs: Sequence[Config]) -> list[Entry]:
    """Configs before the first unit and each key frame, as ingest writes them."""
    has_video = any(config.track is Track.VIDEO for config in configs)
    found: list[Entry] = []
    for unit in units:
        if not found or (unit.is_key and (unit.track is Track.VIDEO or not has_video)):
            found += configs
        found.append(unit)
    return found


def late(units: Iterable[Unit], track: Track, seconds: float) -> list[Unit]:
    """The same units in the order in which they arrive if one track comes this much later (less than 0: earlier)."""
    shift = round(seconds * CLOCK_RATE)
    return sorted(units, key=lambda unit: (unit.dts + (shift if unit.track is track else 0), unit.track))


def shifted(units: Iterable[Unit], seconds: float) -> list[Unit]:
    """All decode times moved."""
    return [replace(unit, dts=unit.dts + ms(seconds)) for unit in units]


def log(
    entries: Iterable[Entry],
    *,
    connection: int,
    instance: str = "primary",
    start_us: int = START_US,
    every_s: float = 0.1,
    piece_bytes: int = 60_000,
    closed: bool = True,
    is_clean: bool = True,
    delay: random.Random | None = None,
) -> list[Message]:
    """A connection's messages: `start_us` is when its time 0 was; each is stamped when its newest unit was there."""
    found: list[Message] = []
    batch: list[bytes] = []
    begun: int | None = None
    newest = 0

    def write(now: int) -> None:
        nonlocal batch, begun
        held_ms = (now - (now if begun is None else begun)) * 1000 // CLOCK_RATE
        head = encode_head(Head(connection, len(found) + 1, Kind.UNITS, len(batch), max(held_ms, 0)))
        jitter = delay.randint(0, 40_000) if delay is not None else 0
        stamp = start_us + now * 1_000_000 // CLOCK_RATE + jitter
        found.append(Message(instance, max(stamp, found[-1].stamp_us if found else 0), head + b"".join(batch)))
        batch, begun = [], None

    for entry in entries:
        if isinstance(entry, Config):
            if begun is not None:
                write(newest)
            batch.append(encode_config(entry))
            continue
        newest = max(newest, entry.dts)
        if begun is not None and newest - begun >= every_s * CLOCK_RATE:
            write(newest)
        begun = newest if begun is None else begun
        for number, piece in enumerate(encode_unit(entry, room=piece_bytes, piece_bytes=piece_bytes)):
            if number:
                write(newest)
                begun = newest
            batch.append(piece)
    if batch:
        write(newest)
    if closed:
        end = encode_closed(connection=connection, n=len(found) + 1, reason="left", is_clean=is_clean)
        found.append(Message(instance, found[-1].stamp_us + 50_000, end))
    return found


def merged(*logs: list[Message]) -> list[Message]:
    """Several connections in one log, by their stamps."""
    return sorted((message for messages in logs for message in messages), key=lambda message: message.stamp_us)
