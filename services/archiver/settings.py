"""Settings of the archiver."""

from typing import ClassVar

from pydantic import Field

from services.common.settings import Duration, ServiceSettings


class Settings(ServiceSettings):
    """What an operator may set of archivers."""

    program: ClassVar[str] = "archiver"

    segments_at_once: int = Field(
        default=4, ge=1, le=64, description="Segments one archiver holds in memory and stores at a time."
    )
    purge_grace: Duration = Field(
        default=60.0, ge=0, le=3600, description="How long the log keeps a broadcast that has ended, for its viewers."
    )
    conversions: int = Field(default=1, ge=0, le=16, description="Files one archiver makes of recordings at a time.")
    clips: int = Field(default=2, ge=0, le=16, description="Clips one archiver copies out of recordings at a time.")
