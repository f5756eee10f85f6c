"""Coded frames by ffmpeg's framemd5, and what must hold between those that were sent and those that were kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

TOLERANCE_S = Fraction(1, 1000)
SHOWN = 5
REMARK = "Found duplicated MOOV Atom. Skipped it"
"""ffmpeg says so of every playlist that names an init segment a second time, as ours do after a discontinuity."""
GAP_REMARKS = ("404 Not Found", "Failed to open segment")


@dataclass(frozen=True)
class Frame:
    """One coded frame; times in seconds, exact."""

    dts: Fraction
    pts: Fraction
    size: int
    md5: str


@dataclass(frozen=True)
class Tracks:
    """Coded frames in the order of their file."""

    video: tuple[Frame, ...]
    audio: tuple[Frame, ...]


async def read_tracks(url: str, *, has_gaps: bool = False, deadline_s: float = 120.0) -> Tracks:
    """What ffmpeg makes of a file or a playlist, without decoding; AssertionError with its words if it warns.

    `has_gaps` forgives that it fetches what EXT-X-GAP says is not there: it knows the tag since version 6 only.
    """
    known = (REMARK, *GAP_REMARKS) if has_gaps else (REMARK,)
    video, audio = [await read_frames(url, s, known=known, deadline_s=deadline_s) for s in ("v:0", "a:0")]
    return Tracks(video, audio)


async def read_frames(
    url: str, stream: str, *, known: Sequence[str] = (REMARK,), deadline_s: float = 120.0
) -> tuple[Frame, ...]:
    """As `read_tracks`, of one stream by ffmpeg's name for it; a warning with one of the `known` texts is none."""
    text, warnings = await _framemd5(url, stream, deadline_s)
    new = [line for line in warnings if not any(each in line for each in known)]
    assert new == [], f"ffmpeg warns of {url}: {new}"
    return parse(text)


def parse(text: str) -> tuple[Frame, ...]:
    """The frames of a framemd5 file of one stream."""
    base, frames = Fraction(0), []
    for line in text.splitlines():
        if line.startswith("#tb 0:"):
            base = Fraction(line.partition(":")[2].strip())
        elif line and not line.startswith("#"):
            fields = [field.strip() for field in line.split(",")]
            frames.append(Frame(int(fields[1]) * base, int(fields[2]) * base, int(fields[4]), fields[5]))
    return tuple(frames)


def differences(sent: Tracks, kept: Tracks) -> list[str]:
    """What is not as it must be: the same frames in the same order, all times moved by one constant. Empty if well."""
    found = _unlike("video", sent.video, kept.video) + _unlike("audio", sent.audio, kept.audio)
    if found or not sent.video + sent.audio:
        return found or ["nothing was sent"]
    moves = {
        f"{kind} {number} {name}": getattr(after, name) - getattr(before, name)
        for kind in ("video", "audio")
        for number, (before, after) in enumerate(zip(getattr(sent, kind), getattr(kept, kind), strict=True))
        for name in ("dts", "pts")
    }
    low, high = min(moves.values()), max(moves.values())
    if high - low <= 2 * TOLERANCE_S:  # each may be off by one millisecond from the constant in the middle
        return []
    middle = sorted(moves.values())[len(moves) // 2]
    off = [f"{name} moved by {float(by):.4f} s" for name, by in moves.items() if abs(by - middle) > TOLERANCE_S]
    return [f"most moved by {float(middle):.4f} s", *off[:SHOWN], f"{len(off)} of {len(moves)} differ"]


def _unlike(kind: str, sent: Sequence[Frame], kept: Sequence[Frame]) -> list[str]:
    if [frame.md5 for frame in sent] == [frame.md5 for frame in kept]:
        return []
    places = [n for n, (a, b) in enumerate(zip(sent, kept, strict=False)) if a.md5 != b.md5]
    missing = [n for n, frame in enumerate(sent) if frame.md5 not in {kept_one.md5 for kept_one in kept}]
    first = places[0] if places else min(len(sent), len(kept))
    counts = f"{kind}: {len(sent)} frames sent, {len(kept)} kept, unlike from {first} on"
    return [f"{counts}; {len(missing)} missing, the first {missing[:SHOWN]}"]


async def _framemd5(url: str, stream: str, deadline_s: float) -> tuple[str, list[str]]:
    command = ["ffmpeg", "-nostdin", "-v", "repeat+warning", "-copyts", "-i", url, "-map", f"0:{stream}", "-c", "copy"]
    command += ["-avoid_negative_ts", "disabled", "-f", "framemd5", "-"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(deadline_s):
            output, words = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"ffmpeg cannot read {url}: {words.decode(errors='replace')}"
    return output.decode(), [line for line in words.decode(errors="replace").splitlines() if line.strip()]
