"""Settings of the packager."""

from typing import ClassVar

from pydantic import Field

from services.common.settings import Duration, ServiceSettings


class Settings(ServiceSettings):
    """What an operator may set of packagers."""

    program: ClassVar[str] = "packager"

    segment_duration: Duration = Field(
        default=2.0, ge=1, le=10, description="A segment ends at the first key frame after this."
    )
    part_duration: Duration = Field(
        default=1 / 3,
        ge=0.1,
        le=2,
        description="How long LL-HLS parts are, at most; up to a quarter more for B-frames.",
    )
    live_window: Duration = Field(
        default=30.0, ge=10, le=3600, description="How much of the program a live playlist lists."
    )
    silence: Duration = Field(
        default=1.0, ge=0.3, le=30, description="An instance this much behind the other one is taken for silent."
    )
    fail_back_after: Duration = Field(
        default=5.0, ge=1, le=600, description="With fail-back, the primary must have been there this long."
    )
    gop_min: Duration = Field(
        default=2.0, ge=0, le=60, description="An encoder whose key frames come more often than this is told of."
    )
    gop_max: Duration = Field(
        default=10.0, ge=0.5, le=600, description="An encoder whose key frames come less often than this is told of."
    )
    recording_limit: Duration = Field(
        default=168 * 3600.0, ge=1, description="A recording is this long at most; the live picture goes on."
    )
    max_broadcasts: int = Field(default=200, ge=1, le=10_000, description="Broadcasts one packager takes at most.")
