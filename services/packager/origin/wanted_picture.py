"""What a request for a thumbnail wants: a time, a size, and how the picture is fitted into it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.packager.hls.query import QueryError

MAX_SIDE = 2000
USUAL_SIDE = 640
"""Nothing is larger than this in either direction unless a size is asked for."""
MAX_TIME_S = 10_000_000.0

_TIME = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,8}(?:\.\d{1,6})?)s?)?")


class PictureError(Exception):
    """No picture can be made of it."""


class Fit(StrEnum):
    """How a picture of another shape comes into a box."""

    CROP = "crop"
    """It fills the box, and what stands out is cut off."""
    CLIP = "clip"
    """It lies within the box whole, and is never enlarged."""
    SCALE = "scale"
    """It is stretched to the box."""
    FILL = "fill"
    """It lies within the box whole, with black around it."""


@dataclass(frozen=True, slots=True)
class WantedPicture:
    """Time in seconds; None: none was asked for. A side that is None follows the other."""

    time_s: float | None = None
    width: int | None = None
    height: int | None = None
    fit: Fit = Fit.CROP

    @property
    def has_size(self) -> bool:
        return self.width is not None or self.height is not None


@dataclass(frozen=True, slots=True)
class Fitting:
    """How a picture becomes another: scaled to one size, then cut or padded to another."""

    scaled: tuple[int, int]
    final: tuple[int, int]


def read_wanted(parameters: Mapping[str, str]) -> WantedPicture:
    """Out of a query's parameters. QueryError says what is wrong; names that mean nothing here are left alone."""
    fit = parameters.get("fit") or Fit.CROP
    if fit not in set(Fit):
        raise QueryError(f"fit is none of {', '.join(Fit)}")
    return WantedPicture(
        read_time(parameters["time"]) if parameters.get("time") else None,
        _side(parameters, "width"),
        _side(parameters, "height"),
        Fit(fit),
    )


def read_time(text: str) -> float:
    """Seconds of `90`, `90s`, `1m30s` or `1h2m3.5s`. QueryError for anything else."""
    found = _TIME.fullmatch(text)
    if found is None or not any(found.groups()):
        raise QueryError("time is neither seconds nor like 1h2m3s")
    hours, minutes, seconds = (float(group or 0) for group in found.groups())
    return min(3600 * hours + 60 * minutes + seconds, MAX_TIME_S)


def _side(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(MAX_SIDE)) or not 1 <= int(text) <= MAX_SIDE:
        raise QueryError(f"{name} is not 1 to {MAX_SIDE}")
    return int(text)


def fitting(width: int, height: int, wanted: WantedPicture) -> Fitting:
    """For a picture of this size, in square pixels."""
    if not wanted.has_size:
        size = _within(width, height, USUAL_SIDE, USUAL_SIDE, may_grow=False)
        return Fitting(size, size)
    if wanted.width is None or wanted.height is None:
        box = (wanted.width or MAX_SIDE, wanted.height or MAX_SIDE)
        size = _within(width, height, *box, may_grow=wanted.fit is not Fit.CLIP)
        return Fitting(size, size)
    return _in_box(width, height, wanted.width, wanted.height, wanted.fit)


def _in_box(width: int, height: int, box_width: int, box_height: int, fit: Fit) -> Fitting:
    box = box_width, box_height
    match fit:
        case Fit.SCALE:
            return Fitting(box, box)
        case Fit.CLIP:
            size = _within(width, height, *box, may_grow=False)
            return Fitting(size, size)
        case Fit.FILL:
            return Fitting(_within(width, height, *box, may_grow=True), box)
        case Fit.CROP:
            return Fitting(_around(width, height, *box), box)


def _within(width: int, height: int, box_width: int, box_height: int, *, may_grow: bool) -> tuple[int, int]:
    """The largest of the same shape that lies in the box."""
    share = min(box_width / width, box_height / height)
    share = share if may_grow else min(share, 1.0)
    return max(1, min(box_width, round(width * share))), max(1, min(box_height, round(height * share)))


def _around(width: int, height: int, box_width: int, box_height: int) -> tuple[int, int]:
    """The smallest of the same shape that covers the box; of a very long one no more than is bearable."""
    share = max(box_width / width, box_height / height)
    most = 4 * MAX_SIDE
    return max(box_width, min(most, round(width * share))), max(box_height, min(most, round(height * share)))
