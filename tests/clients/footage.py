"""Films that encoders send: made by ffmpeg the same way each time, no frame of picture or sound like another."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Film:
    """What to film. Two films of equal fields are equal files."""

    seconds: float
    b_frames: int = 2
    gop: int = 60
    """Frames from key frame to key frame."""

    size: str = "640x360"
    rate: int = 30
    bit_rate: str = "700k"
    keyframe_offset: int = 0
    """Further key frames this many frames later: two films of one picture that are not aligned."""

    @property
    def name(self) -> str:
        numbers = (f"{self.seconds:g}s", f"b{self.b_frames}", f"g{self.gop}", f"o{self.keyframe_offset}")
        return "-".join((*numbers, self.size, f"{self.rate}fps", self.bit_rate)) + ".flv"


def shoot(film: Film, folder: Path) -> Path:
    """The file of this film; made if it is not there yet. Noise for sound, so that no two frames of it are alike."""
    path = folder / film.name
    if path.exists():
        return path
    picture = f"testsrc2=size={film.size}:rate={film.rate}"
    sound = "anoisesrc=seed=7:amplitude=0.2:sample_rate=48000"
    video = [
        "-c:v",
        "libx264",
        "-preset",
        "superfast",
        "-threads",
        "2",
        "-b:v",
        film.bit_rate,
        "-maxrate",
        film.bit_rate,
    ]
    video += ["-bufsize", film.bit_rate, "-pix_fmt", "yuv420p", "-g", str(film.gop), "-bf", str(film.b_frames)]
    video += ["-sc_threshold", "0", "-x264-params", "no-deblock=0:b-adapt=0"]
    if film.keyframe_offset:
        start_s, step_s = film.keyframe_offset / film.rate, film.gop / film.rate
        video += ["-force_key_frames", f"expr:gte(t,{start_s}+n_forced*{step_s})"]
    unfinished = path.with_name(f"{os.getpid()}-{path.name}")
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", f"{film.seconds:g}"]
    command = ["nice", "ffmpeg", "-v", "error", "-y", *inputs, *video, "-c:a", "aac", "-b:a", "96k", "-ac", "2"]
    subprocess.run([*command, str(unfinished)], check=True, timeout=900)
    unfinished.replace(path)
    return path
