"""What is measured of an instance: the one table by which figures are kept in Redis and in the object store. Pure.

A new figure is a field of `Counts`, a column of `SampleBlock` and a line here; samples of before read as zero of it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """One instance's figures."""

    rtmp_connections: int = 0
    hls_connections: int = 0
    bitrate_bps: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.rtmp_connections or self.hls_connections)


@dataclass(frozen=True, slots=True)
class Figure:
    """One of them: its name in `Counts` and in `SampleBlock`, and the short one in Redis."""

    column: str
    field: str


FIGURES = (
    Figure("rtmp_connections", "rtmp"),
    Figure("hls_connections", "hls"),
    Figure("bitrate_bps", "bps"),
)
