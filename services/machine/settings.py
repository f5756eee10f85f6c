"""What `headwater run` itself reads from the environment; everything else is the programs' and passes through."""

import os
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from services.common.settings import ServiceSettings
from services.machine.ports import HIGHEST_OFFSET, LOOPBACK, port

_EVERYWHERE = ("0.0.0.0", "::")

_UNTOLD = ('"', "\\", ",")
"""In a path: quotes end one in nats-server's and Redis's configuration, a comma in SeaweedFS's options."""

PRIVATE_TARGETS = "HEADWATER_PRIVATE_TARGETS"
"""Allowed unless it is set: on a machine of one's own, webhooks and outputs mostly lead to it."""


class MachineSettings(ServiceSettings):
    """One machine's settings."""

    program = "machine"

    minio_bin: Path | None = Field(
        None, description="A MinIO to run as the S3 store; not set: the one `make minio` has built, else SeaweedFS."
    )

    @model_validator(mode="after")
    def _ports_exist(self) -> Self:
        if self.port_offset > HIGHEST_OFFSET:
            raise ValueError(f"HEADWATER_PORT_OFFSET: {self.port_offset} is above {HIGHEST_OFFSET}")
        return self

    @model_validator(mode="after")
    def _home_can_be_told(self) -> Self:
        path = str(self.home.absolute())
        if not path.isprintable() or any(sign in path for sign in _UNTOLD):
            raise ValueError(f"HEADWATER_HOME: {path!r} has a sign in it that the servers we start cannot be told of")
        return self

    def port_of(self, name: str) -> int:
        """Where people find `rtmp`, `origin` or `rest`: the program's own setting, else the table and the offset."""
        set_by_hand = os.environ.get(f"HEADWATER_{name.upper()}_PORT", "")
        return int(set_by_hand) if set_by_hand.isdigit() else port(name, self.port_offset)

    @property
    def outside(self) -> frozenset[str]:
        """The parts that run somewhere else, so that we do not start them: of nats, redis, s3."""
        fields = {"nats": "nats_url", "redis": "redis_url", "s3": "s3_endpoint"}
        return frozenset(part for part, field in fields.items() if self.is_set(field))

    @property
    def allows_private_targets(self) -> bool:
        """Whether api is told that webhooks and outputs may lead to addresses that are not public."""
        return os.environ.get(PRIVATE_TARGETS, "allow") == "allow"

    @property
    def near_host(self) -> str:
        """Where this machine reaches what listens on HEADWATER_BIND."""
        return LOOPBACK if self.bind in _EVERYWHERE else self.bind
