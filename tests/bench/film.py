"""The film all encoders of the benchmark send: 720p30 H.264 of about 4 Mbit/s with AAC, encoded once and kept."""

import os
import subprocess
import tempfile
from pathlib import Path

from tests.bench.progress import say

SECONDS = 32
"""A whole number of GOPs and of AAC frames, so that the loop has no seam."""

VIDEO_BIT_RATE = 3_872_000
AUDIO_BIT_RATE = 128_000
GOP = 60
_NAME = "720p30-4M-v1.flv"


def film() -> Path:
    """The file, made if it is not there yet (about 10 s of CPU). CalledProcessError if ffmpeg cannot."""
    folder = Path(tempfile.gettempdir()) / f"headwater-bench-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / _NAME
    if not path.exists():
        say(f"encoding {path}, once")
        unfinished = path.with_name(f"{os.getpid()}-{_NAME}")
        subprocess.run(_command(unfinished), check=True, timeout=600)
        unfinished.replace(path)
    return path


def _command(target: Path) -> list[str]:
    # Noise in the picture, or the test card would not take the bits.
    inputs = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t"]
    inputs += ["-f", "lavfi", "-i", "anoisesrc=seed=7:amplitude=0.1:sample_rate=48000", "-t", str(SECONDS)]
    video = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", str(GOP), "-sc_threshold", "0"]
    rate = str(VIDEO_BIT_RATE)
    video += ["-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", str(VIDEO_BIT_RATE // 2)]
    video += ["-x264-params", "nal-hrd=cbr:force-cfr=1", "-pix_fmt", "yuv420p"]
    audio = ["-c:a", "aac", "-b:a", str(AUDIO_BIT_RATE), "-ac", "2"]
    return ["nice", "ffmpeg", "-nostdin", "-v", "error", "-y", *inputs, *video, *audio, "-f", "flv", str(target)]
