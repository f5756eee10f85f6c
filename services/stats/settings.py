"""Settings of stats."""

from typing import ClassVar

from pydantic import Field

from services.common.settings import Duration, ServiceSettings
from services.stats.changes import Lifetimes
from services.stats.series import INTERVAL_MS


class Settings(ServiceSettings):
    """What an operator may set of stats."""

    program: ClassVar[str] = "stats"

    encoder_expiry: Duration = Field(
        default=25.0, ge=12, le=600, description="An encoder that was not heard of for this long is not counted."
    )
    viewer_expiry: Duration = Field(
        default=10.0, ge=2, le=600, description="A viewer counts until this long after his last fetch."
    )

    sample_block: Duration = Field(
        default=600.0,
        ge=60,
        le=3600,
        description="Samples are written to the S3 store in blocks as long as this; those of none yet go with Redis.",
    )

    def lifetimes(self) -> Lifetimes:
        """The part of these that deciding needs."""
        return Lifetimes(encoder_ms=round(self.encoder_expiry * 1000), viewer_ms=round(self.viewer_expiry * 1000))

    @property
    def sample_block_ms(self) -> int:
        """In whole slots."""
        return round(self.sample_block * 1000) // INTERVAL_MS * INTERVAL_MS
