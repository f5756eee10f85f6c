"""Settings of the origin."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.common import ports
from services.common.settings import ByteSize, Duration, ServiceSettings
from services.common.settings_types import HostPort, LocalAddress, Networks, PortNumber, Shifted


class Settings(ServiceSettings):
    """What an operator may set of origins."""

    program: ClassVar[str] = "origin"

    origin_port: Annotated[PortNumber, Shifted()] = Field(default=ports.ORIGIN, description="Where viewers fetch.")
    low_latency: bool = Field(default=True, description="Offer parts and blocking reloads (LL-HLS).")
    idle_timeout: Duration = Field(
        default=30.0, ge=5, description="A broadcast that nobody has asked for this long is let go."
    )
    max_viewers: int = Field(default=20_000, ge=1, description="Connections of viewers at once.")
    cache_bytes: ByteSize = Field(default=64_000_000, ge=0, description="Segments out of the store kept in memory.")
    unknown_policy: Literal["refuse", "allow"] = Field(
        default="refuse", description="What has no rules yet, because api never told of any, is refused or shown."
    )
    nameless_sites: Literal["refuse", "allow"] = Field(
        default="refuse",
        description="Where only some sites may show it: a request with neither Origin nor Referer is refused or shown.",
    )
    country_table: Path | None = Field(
        default=None, description="A file of `first,last,country` lines, for tokens with rules about countries."
    )
    trusted_proxies: Networks = Field(
        default=(), description="Addresses of proxies of yours, whose X-Forwarded-For is believed."
    )
    stats_address: LocalAddress = Field(
        default=HostPort("127.0.0.1", ports.grpc_port("stats")), description="Where stats answers gRPC."
    )
    audience_interval: Duration = Field(default=5.0, ge=1, le=60, description="How often it is said who watched.")
