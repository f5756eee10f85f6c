"""Settings of api."""

from typing import ClassVar

from pydantic import Field

from services.common import ports
from services.common.settings import Duration, ServiceSettings
from services.common.settings_types import HostPort, LocalAddress, LocalUrl, PortNumber, Url


class Settings(ServiceSettings):
    """What an operator may set of api."""

    program: ClassVar[str] = "api"

    rest_port: PortNumber = Field(default=ports.REST, description="Where REST, the start page and /readyz are.")
    rtmp_port: PortNumber = Field(default=ports.RTMP, description="Where encoders connect by RTMP.")
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

    @property
    def rtmp_url(self) -> str:
        """Where encoders push to, application included."""
        return self.public_rtmp_url or f"rtmp://{self._host}:{self.rtmp_port}/live"

    @property
    def playback_url(self) -> str:
        """What playback URLs begin with, without a slash at its end."""
        return self.public_playback_url or f"http://{self._host}:{self.origin_port}"

    @property
    def _host(self) -> str:
        return f"[{self.public_host}]" if ":" in self.public_host else self.public_host
