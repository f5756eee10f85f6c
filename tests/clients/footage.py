"""Films that encoders send: made by ffmpeg the same way each time, no frame of picture or sound like another."""

import math
import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

LONGEST_S = 60.0
"""Shorter films of usual make are the beginning of one of this length."""

SOUND_RATE, SOUND_FRAME = 48_000, 1024


@dataclass(frozen=True)
class Film:
    """What to film. Two films of equal fields are equal files."""

    seconds: float
    b_frames: int = 2
    gop: int = 60
    """Frames from key frame to key frame."""

    size: str = "320x180"
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
    if not path.exists():
        if _is_a_beginning(film):
            _cut(shoot(replace(film, seconds=LONGEST_S), folder), film, path)
        else:
            _make(path, *_camera(film), "-t", f"{film.seconds:g}")
    return path


def _is_a_beginning(film: Film) -> bool:
    """Of usual make, and whole groups of pictures: no frame is left out that an earlier one comes after."""
    usual = film == Film(film.seconds)
    return usual and film.seconds < LONGEST_S and film.seconds * film.rate % film.gop == 0


def _cut(whole: Path, film: Film, path: Path) -> None:
    pictures, sounds = round(film.seconds * film.rate), math.ceil(film.seconds * SOUND_RATE / SOUND_FRAME) + 1
    # What ends by its count of frames ends the file, so the pictures end by being dropped.
    _make(path, "-i", str(whole), "-c", "copy", "-bsf:v", f"noise=drop=gte(n\\,{pictures})", "-frames:a", str(sounds))


def _camera(film: Film) -> list[str]:
    """What is filmed, and how it is coded."""
    picture = f"testsrc2=size={film.size}:rate={film.rate}"
    sound = f"anoisesrc=seed=7:amplitude=0.2:sample_rate={SOUND_RATE}"
    rate = film.bit_rate
    video = ["-c:v", "libx264", "-preset", "superfast", "-threads", "2", "-b:v", rate, "-maxrate", rate]
    video += ["-bufsize", rate, "-pix_fmt", "yuv420p", "-g", str(film.gop), "-bf", str(film.b_frames)]
    video += ["-sc_threshold", "0", "-x264-params", "no-deblock=0:b-adapt=0"]
    if film.keyframe_offset:
        start_s, step_s = film.keyframe_offset / film.rate, film.gop / film.rate
        video += ["-force_key_frames", f"expr:gte(t,{start_s}+n_forced*{step_s})"]
    audio = ["-c:a", "aac", "-b:a", "96k", "-ac", "2"]
    return ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *video, *audio]


def _make(path: Path, *options: str) -> None:
    unfinished = path.with_name(f"{os.getpid()}-{path.name}")
    command = ["nice", "ffmpeg", "-v", "error", "-y", *options, str(unfinished)]
    subprocess.run(command, check=True, timeout=900)
    unfinished.replace(path)
