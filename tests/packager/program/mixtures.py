"""Random lives of a broadcast: encoders that come, stall, jump and go, in a log that is doubled and out of order."""

import random
from dataclasses import replace

from services.common.media.unit import Track, Unit
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from tests.packager.program.encoder import Message
from tests.packager.program.log import Logs, new_ledger
from tests.packager.program.synthetic import (
    AAC_44K,
    AAC_48K,
    START_US,
    Entry,
    Source,
    avc,
    late,
    log,
    merged,
    shifted,
    with_configs,
)

LENGTH_S = 14.0


def _source(chance: random.Random, tag: str, length_s: float) -> Source:
    return Source(
        tag=tag,
        until_s=length_s,
        gop_s=chance.choice([0.1, 0.5, 1.0, 2.0, 2.0, 4.0, 8.33, 20.0]),
        fps=chance.choice([5, 15, 24, 25, 29.97, 30, 30, 60]),
        video=chance.choice([avc(), avc(), avc((320, 180)), None]),
        audio=chance.choice([AAC_48K, AAC_48K, AAC_44K]),
        sound_from_s=chance.choice([0.0, 0.0, 0.0, 3.0]) if length_s > 3 else 0.0,
        sound_until_s=chance.choice([1e9, 1e9, length_s / 2]),
    )


def _disturb(chance: random.Random, units: list[Unit]) -> list[Unit]:
    """Late tracks, holes, and jumps of the encoder's clock."""
    kind = chance.randrange(6)
    if kind == 0:
        return late(units, Track.AUDIO, chance.choice([0.3, -0.3, 1.5]))
    if kind == 1 and len(units) > 20:
        cut = chance.randrange(10, len(units) - 5)
        return units[:cut] + shifted(units[cut:], chance.choice([0.4, 3.0, 9.0]))
    if kind == 2:
        begin = chance.uniform(1, 8) * 90_000
        silent = chance.choice(list(Track))
        return [u for u in units if u.track is not silent or not begin < u.dts < begin + chance.choice([1, 5]) * 90_000]
    return units


def _large(chance: random.Random, entries: list[Entry]) -> list[Entry]:
    """Some pictures that take several messages; a frame of AAC never does."""
    found: list[Entry] = []
    for entry in entries:
        if isinstance(entry, Unit) and entry.track is Track.VIDEO and chance.random() < 0.1:
            found.append(replace(entry, payload=entry.payload.ljust(400, b"\0")))
        else:
            found.append(entry)
    return found


def _connections(chance: random.Random, instance: str, first: int) -> list[list[Message]]:
    found, at, connection = [], chance.uniform(0, 3) if instance == "secondary" else 0.0, first
    while at < LENGTH_S:
        length = chance.choice([0.5, 2.0, 5.0, 12.0])
        units = _disturb(chance, _source(chance, f"{instance[0]}{connection}", length).units())
        units = units or _source(chance, f"{instance[0]}{connection}", 0.5).units()
        source = _source(chance, "", 0)
        offset = chance.choice([0.0, 0.0, 5000.0])
        configs = (avc(), AAC_48K) if any(u.track is Track.VIDEO for u in units) else (AAC_48K,)
        if source.video is not None and len(configs) == 2:
            configs = (source.video, AAC_48K)
        found.append(
            log(
                _large(chance, with_configs(shifted(units, offset), configs)),
                connection=connection,
                instance=instance,
                start_us=START_US + round((at - offset) * 1e6),
                every_s=chance.choice([0.03, 0.1, 0.3]),
                piece_bytes=200,
                closed=chance.random() < 0.6,
                delay=chance if chance.random() < 0.5 else None,
            )
        )
        at += length + chance.choice([0.0, 0.2, 3.0, 20.0])
        connection += 2
    return found


def _resent(chance: random.Random, media: list[Message]) -> list[Message]:
    """Now and then a stretch of one instance's log lies there again, or later than what follows it."""
    found = list(media)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(found))
        instance = found[at].instance
        stretch = [m for m in found[at : at + 8] if m.instance == instance]
        stamp = found[min(at + 8, len(found) - 1)].stamp_us
        found[at + 8 : at + 8] = [Message(instance, max(stamp, m.stamp_us), m.payload) for m in stretch]
        if chance.random() < 0.5:
            found.remove(stretch[0])
    return found


def media(seed: int) -> list[Message]:
    """A media log of both instances."""
    chance = random.Random(seed)
    logs = _connections(chance, "primary", 5)
    if chance.random() < 0.7:
        logs += _connections(chance, "secondary", 6)
    return _resent(chance, merged(*logs))


def live(seed: int, *, deaths: bool) -> Logs:
    """The CMAF log of that; with `deaths`, by packagers that die between any two ticks."""
    chance = random.Random(seed + 1)
    logs = Logs(media=media(seed))
    fail_back = chance.random() < 0.3
    program = Program(new_ledger(fail_back=fail_back), ProgramSettings(), epoch=1)
    epoch = 1
    while not logs.run(program, stop_after=chance.randint(1, 25) if deaths else None):
        epoch += 1
        program = logs.heir(epoch=epoch)
        logs.write(program, program.speak())
    now_us = logs.media[-1].stamp_us
    for later in (1, 5, 9):
        logs.write(program, program.pass_time(now_us + later * 1_000_000))
    logs.write(program, program.end("order", now_us))
    return logs
