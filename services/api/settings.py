"""Settings of api."""

from typing import ClassVar, Literal

from pydantic import Field

from services.api.protocol_keys import Addresses
from services.common import ports
from services.common.settings import Duration, ServiceSettings
from services.common.settings_types import HostPort, LocalAddress, LocalUrl, Networks, PortNumber, Url


class Settings(ServiceSettings):
    """What an operator may set of api."""

    program: ClassVar[str] = "api"

    rest_port: PortNumber = Field(default=ports.REST, description="Where REST, the start page and /readyz are.")
    rtmp_port: PortNumber = Field(default=ports.RTMP, description="Where encoders connect by RTMP.")
    rtmps_port: PortNumber = Field(default=ports.RTMPS, description="Where encoders will connect by RTMPS.")
    srt_port: PortNumber = Field(default=ports.SRT, description="Where encoders will connect by SRT (UDP).")
    whip_port: PortNumber = Field(default=ports.WHIP, description="Where encoders will connect by WHIP.")
    origin_port: PortNumber = Field(default=ports.ORIGIN, description="Where viewers fetch.")
    public_rtmp_url: Url | None = Field(
        default=None, description="Where encoders push to; not set: rtmp://, the public host and the RTMP port."
    )
    public_playback_url: Url | None = Field(
        default=None, description="What playback URLs begin with; not set: http://, the public host and origin's port."
    )
    archiver_address: LocalAddress = Field(
        default=HostPort("127.0.0.1", ports.grpc_port("archiver")), description="Where the archiver answers gRPC."
    )
    stats_address: LocalAddress = Field(
        default=HostPort("127.0.0.1", ports.grpc_port("stats")), description="Where stats answers gRPC."
    )
    ingest_ops_url: LocalUrl = Field(
        default=f"http://127.0.0.1:{ports.metrics_port('ingest')}", description="Where ingest has its /readyz."
    )
    packager_ops_url: LocalUrl = Field(
        default=f"http://127.0.0.1:{ports.metrics_port('packager')}", description="Where the packager has its /readyz."
    )
    origin_ops_url: LocalUrl = Field(
        default=f"http://127.0.0.1:{ports.metrics_port('origin')}", description="Where origin has its /readyz."
    )
    order_hold: Duration = Field(
        default=60.0, ge=0, le=3600, description="How long encoders are refused after an order has ended a broadcast."
    )

    rate_limit: float = Field(
        default=300.0,
        ge=0,
        description="How many calls a second one token may make at each api, ten seconds' worth at once; 0: any.",
    )

    trusted_proxies: Networks = Field(
        default=(), description="Addresses of proxies of yours, whose X-Forwarded-For is believed."
    )

    media_restore: Duration = Field(
        default=30 * 86_400.0,
        ge=0,
        le=366 * 86_400,
        description="How long a deleted recording can be restored before it is gone for good.",
    )
    download_limit: Duration = Field(
        default=4 * 3600.0, gt=0, le=7 * 86_400, description="Of longer recordings no MP4 or M4A files are made."
    )

    private_targets: Literal["refuse", "allow"] = Field(
        default="refuse",
        description="Whether webhooks and outputs may lead to private, loopback and other special addresses; "
        "`headwater run` allows it.",
    )

    @property
    def rtmp_url(self) -> str:
        """Where encoders push to, application included."""
        return self.public_rtmp_url or f"rtmp://{self._host}:{self.rtmp_port}/live"

    @property
    def playback_url(self) -> str:
        """What playback URLs begin with, without a slash at its end."""
        return self.public_playback_url or f"http://{self._host}:{self.origin_port}"

    @property
    def addresses(self) -> Addresses:
        """Where the protocols beside RTMP will be served."""
        return Addresses(self._host, self.rtmps_port, self.srt_port, self.whip_port)

    @property
    def _host(self) -> str:
        return f"[{self.public_host}]" if ":" in self.public_host else self.public_host
