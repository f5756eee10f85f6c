"""Settings every program has. A program adds its own by subclassing `ServiceSettings` in its folder's settings.py.

All come from the environment as `HEADWATER_<NAME>`; `settings_load.load_or_exit` reads and checks them before
anything starts. A setting has a type, a description and a default that works.
"""

import socket
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.common import ports
from services.common.settings_types import (
    ByteSize,
    Duration,
    Folder,
    LocalUrl,
    PortNumber,
    Shifted,
    Spelling,
    Url,
    shift,
)

__all__ = ["PREFIX", "ByteSize", "Duration", "SecretStr", "ServiceSettings", "variable"]

PREFIX = "HEADWATER_"

RECONNECT_WINDOW_S = 120.0
"""How long a broadcast waits for its encoder, unless its livestream says otherwise."""


class ServiceSettings(BaseSettings):
    """What all programs share."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        enable_decoding=False,  # values are written as settings_types says, not as JSON
        hide_input_in_errors=True,
    )

    program: ClassVar[str] = ""
    """The program's name, one of `ports.PROGRAMS`; set by each subclass."""

    home: Folder = Field(default=Path("var"), description="The state folder.")
    port_offset: int = Field(default=0, ge=0, le=50_000, description="Added to every port that is not set by itself.")
    bind: str = Field(
        default="127.0.0.1", min_length=1, description="Where encoders, viewers and clients of the API connect."
    )
    internal_bind: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Where programs answer each other (gRPC of all but api) and show /metrics; nobody asks for a token "
        "there, so a cluster opens it to its own network only.",
    )
    public_host: str = Field(
        default="127.0.0.1", min_length=1, description="The host name in the URLs handed out to encoders and viewers."
    )
    nats_url: Annotated[
        str,
        Field(pattern=r"^(nats|tls|ws|wss)://\S+$"),
        Shifted(),
        Spelling("one or more URLs such as nats://host:4222, with commas between"),
    ] = Field(
        default=f"nats://127.0.0.1:{ports.NATS}",
        description="nats-server, as nats://user:password@host:4222 where it asks for them; several of a cluster with "
        "commas between, each with its own.",
    )
    redis_url: LocalUrl = Field(
        default=f"redis://127.0.0.1:{ports.REDIS}",
        description="Redis or Valkey, as redis://user:password@host:6379/0 where it asks for them.",
    )
    s3_endpoint: LocalUrl = Field(
        default=f"http://127.0.0.1:{ports.S3}", description="The S3 store: MinIO, SeaweedFS, AWS or another."
    )
    s3_access_key: str = Field(default="", description="Access key of the S3 store.")
    s3_secret_key: SecretStr = Field(default=SecretStr(""), description="Secret key of the S3 store.")
    s3_bucket: str = Field(default="headwater", min_length=3, max_length=63, description="Bucket for all recordings.")
    s3_region: str = Field(default="us-east-1", min_length=1, description="Region of the S3 store.")
    secret_key: SecretStr | None = Field(
        default=None,
        description="32 bytes as hex or base64 that seal stream keys; not set: HEADWATER_HOME/secret-key, "
        "made at the first start.",
    )
    shards: int = Field(
        default=1, ge=1, le=256, description="Streams that the media log and the CMAF log are cut into; may only grow."
    )
    media_log_age: Duration = Field(
        default=900.0, gt=0, description="How long the media log keeps what encoders sent; above the reconnect window."
    )
    media_log_bytes: ByteSize = Field(
        default=2_000_000_000, gt=0, description="The most a shard of the media log holds."
    )
    cmaf_log_age: Duration = Field(
        default=21_600.0, gt=0, description="How long the CMAF log keeps what is not purged."
    )
    cmaf_log_bytes: ByteSize = Field(default=4_000_000_000, gt=0, description="The most a shard of the CMAF log holds.")
    facts_bytes: ByteSize = Field(default=500_000_000, gt=0, description="The most the stream of facts holds.")
    log_replicas: int = Field(default=1, ge=1, le=5, description="Copies of every stream and bucket in a NATS cluster.")
    replica: str = Field(
        default="",
        max_length=64,
        description="This process's name among its replicas; not set: the program's and the host's name.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged.")
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="How lines are written; auto is text on a terminal and json elsewhere."
    )
    metrics_port: PortNumber = Field(
        default=ports.METRICS,
        description="Where this program serves /metrics, /healthz and /readyz; not set: each program has the next one.",
    )
    grpc_port: PortNumber = Field(
        default=ports.GRPC,
        description="Where this program answers gRPC; not set: this is api's, and the others have one each.",
    )
    otlp_endpoint: Url | None = Field(
        default=None,
        validation_alias=AliasChoices("OTEL_EXPORTER_OTLP_ENDPOINT"),
        description="Where traces go by OTLP over HTTP; not set: no traces.",
    )
    trace_ratio: float = Field(default=0.1, ge=0, le=1, description="Share of new traces that are kept.")
    drain_timeout: Duration = Field(default=20.0, description="How long SIGTERM lets work in hand finish.")
    close_timeout: Duration = Field(
        default=5.0, gt=0, description="How long one part of a program may take to close before it is left behind."
    )

    def is_set(self, field: str) -> bool:
        """Whether the environment gave this setting, rather than its default."""
        return field in self.model_fields_set

    @model_validator(mode="after")
    def _check_ages(self) -> Self:
        """What a packager that was away must find again may not be gone before an encoder's window is over."""
        if self.media_log_age < RECONNECT_WINDOW_S:
            raise ValueError(
                f"HEADWATER_MEDIA_LOG_AGE ({self.media_log_age:g} s) is below the usual reconnect window "
                f"({RECONNECT_WINDOW_S:g} s): a broadcast could outlive its own media"
            )
        if self.cmaf_log_age < self.media_log_age:
            raise ValueError(
                f"HEADWATER_CMAF_LOG_AGE ({self.cmaf_log_age:g} s) is below HEADWATER_MEDIA_LOG_AGE "
                f"({self.media_log_age:g} s): what has been made of the media would go before it"
            )
        return self

    @model_validator(mode="after")
    def _fill_defaults(self) -> Self:
        values: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            if not self.is_set(name) and any(isinstance(mark, Shifted) for mark in field.metadata):
                values[name] = shift(self._table_default(name), self.port_offset)
        if not self.is_set("replica"):
            values["replica"] = f"{self.program}-{socket.gethostname()}"[:64]
        self.__dict__.update(values)  # past `frozen` and past `model_fields_set`: these are still defaults
        return self

    def _table_default(self, name: str) -> Any:
        if name == "metrics_port":
            return ports.metrics_port(self.program)
        if name == "grpc_port":
            return ports.grpc_port(self.program)
        return getattr(self, name)


def variable(settings: type[ServiceSettings], field: str) -> str:
    """The environment variable a field is read from."""
    alias = settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return PREFIX + field.upper()
