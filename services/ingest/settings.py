"""Settings of ingest."""

from typing import Annotated, ClassVar

from pydantic import Field

from services.common import ports
from services.common.settings import ByteSize, Duration, ServiceSettings
from services.common.settings_types import BitRate, PortNumber, Shifted


class Settings(ServiceSettings):
    """What an operator may set of ingest."""

    program: ClassVar[str] = "ingest"

    rtmp_port: Annotated[PortNumber, Shifted()] = Field(
        default=ports.RTMP, description="Where encoders connect by RTMP."
    )
    max_connections: int = Field(default=2000, ge=1, description="Connections at once, strangers included.")
    max_per_address: int = Field(
        default=200, ge=1, description="Connections at once from one address that have not shown a key."
    )
    batch_bytes: ByteSize = Field(
        default=250_000, ge=4_000, le=500_000, description="A message on the media log is about this large at most."
    )
    batch_delay: Duration = Field(
        default=0.4, ge=0.01, le=1, description="A unit waits this long at most for others to share its message."
    )
    part_duration: Duration = Field(
        default=1 / 3,
        ge=0.1,
        le=2,
        description="How long LL-HLS parts are, at most; up to a quarter more for B-frames.",
    )
    buffer_bytes: ByteSize = Field(
        default=64_000_000, ge=1_000_000, description="What one encoder may have waiting while NATS is away."
    )
    in_flight: int = Field(default=32, ge=1, le=256, description="Messages of one encoder that await acknowledgement.")
    refuse_codecs: bool = Field(
        default=True, description="Refuse an encoder whose sound is no AAC; else its picture is taken alone."
    )
    max_bitrate: BitRate = Field(default=50_000_000, ge=100_000, description="Bits a second one encoder may send.")
