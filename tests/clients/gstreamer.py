"""GStreamer as a player: what it decodes of a playlist or a file, frame by frame, as its own demuxer reads it."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

_EDGE = 16
"""Pictures are counted by the bytes they take, so they are made small."""
_BYTES_A_PICTURE = _EDGE * _EDGE
_BYTES_A_SAMPLE = 2
PROGRAM = "gst-launch-1.0"


def is_there() -> bool:
    return shutil.which(PROGRAM) is not None


@dataclass(frozen=True)
class Decoded:
    """What came out."""

    pictures: int
    samples: int
    """Of sound, for each channel."""


async def decode(url: str, folder: Path, *, deadline_s: float) -> Decoded:
    """Decode it as fast as it comes, to its end; AssertionError with GStreamer's words if it warns or fails."""
    pictures, sound = folder / "pictures", folder / "sound"
    caps = f"video/x-raw,format=GRAY8,width={_EDGE},height={_EDGE}"
    command = [PROGRAM, "-q", "uridecodebin3", f"uri={url}", "name=d"]
    command += ["d.", "!", "queue", "!", "video/x-raw", "!", "videoconvert", "!", "videoscale", "!", caps]
    command += ["!", "filesink", f"location={pictures}", "sync=false"]
    command += ["d.", "!", "queue", "!", "audio/x-raw", "!", "audioconvert", "!", "audio/x-raw,format=S16LE,channels=1"]
    command += ["!", "filesink", f"location={sound}", "sync=false"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(deadline_s):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    words = said.decode(errors="replace").strip()
    assert (process.returncode, words) == (0, ""), f"GStreamer cannot play {url}: {words}"
    return Decoded(pictures.stat().st_size // _BYTES_A_PICTURE, sound.stat().st_size // _BYTES_A_SAMPLE)
