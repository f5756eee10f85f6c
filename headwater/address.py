"""Where the API is and what opens it, if nobody says: the environment, else the state folder of this machine."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from headwater.errors import InvalidError, UnauthenticatedError, UnreachableError

_REST_PORT = 8080
_GRPC_PORT = 50051
_TLS_PORT = 443


@dataclass(frozen=True)
class GrpcAddress:
    """Where gRPC is answered, and whether by TLS."""

    target: str
    """host:port."""
    is_secure: bool


def default_url() -> str:
    """HEADWATER_URL, else the REST port of this machine with the offset that its system was started with."""
    return os.environ.get("HEADWATER_URL") or f"http://127.0.0.1:{_REST_PORT + _offset()}"


def default_grpc_url() -> str:
    """HEADWATER_GRPC_URL, else gRPC's port on the host of HEADWATER_URL, else the one of this machine."""
    told = os.environ.get("HEADWATER_GRPC_URL")
    if told:
        return told
    rest = urlsplit(default_url())
    host = f"[{rest.hostname}]" if ":" in (rest.hostname or "") else rest.hostname
    return f"grpcs://{host}" if rest.scheme == "https" else f"grpc://{host}:{_GRPC_PORT + _offset()}"


def grpc_address(url: str) -> GrpcAddress:
    """Read `grpc://host:port` (without a port 50051) or `grpcs://host:port` (443). ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in {"grpc", "grpcs"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError(f"{url}: grpc://host:port is needed, or grpcs://host:port for TLS")
    is_secure = parts.scheme == "grpcs"
    port = parts.port or (_TLS_PORT if is_secure else _GRPC_PORT)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return GrpcAddress(f"{host}:{port}", is_secure)


def default_token() -> str:
    """HEADWATER_TOKEN, else the admin token of the state folder; empty if there is none or it is not ours to read."""
    token = os.environ.get("HEADWATER_TOKEN")
    if token:
        return token
    try:
        return (_home() / "admin-token").read_text().strip()
    except OSError:
        return ""


def checked_token(token: str) -> str:
    """The token, if it can stand in a header. UnauthenticatedError."""
    if not (token.isascii() and token.isprintable()):
        raise UnauthenticatedError("the token has characters that no token has")
    return token


def checked_tenant(tenant: str) -> str:
    """The tenant's id, if it can stand in a header. InvalidError."""
    if not (tenant.isascii() and tenant.isprintable()):
        raise InvalidError("the tenant's id has characters that no id has")
    return tenant


def default_tenant() -> str:
    """HEADWATER_TENANT; empty: the token's own."""
    return os.environ.get("HEADWATER_TENANT", "")


def _home() -> Path:
    return Path(os.environ.get("HEADWATER_HOME") or "var").expanduser()


def _offset() -> int:
    told = os.environ.get("HEADWATER_PORT_OFFSET")
    if told and not told.isdecimal():
        raise UnreachableError(f"HEADWATER_PORT_OFFSET: {told!r} is no number")
    try:
        kept = {} if told else json.loads((_home() / "run" / "environment").read_text())
        return int(told or kept.get("HEADWATER_PORT_OFFSET", 0))
    except (OSError, ValueError):
        return 0
