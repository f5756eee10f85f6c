"""Where the API is and what opens it, if nobody says: the environment, else the state folder of this machine."""

import json
import os
from pathlib import Path

_REST_PORT = 8080


def default_url() -> str:
    """HEADWATER_URL, else the REST port of this machine with the offset that its system was started with."""
    return os.environ.get("HEADWATER_URL") or f"http://127.0.0.1:{_REST_PORT + _offset()}"


def default_token() -> str:
    """HEADWATER_TOKEN, else the admin token of the state folder; empty if there is none or it is not ours to read."""
    token = os.environ.get("HEADWATER_TOKEN")
    if token:
        return token
    try:
        return (_home() / "admin-token").read_text().strip()
    except OSError:
        return ""


def default_tenant() -> str:
    """HEADWATER_TENANT; empty: the token's own."""
    return os.environ.get("HEADWATER_TENANT", "")


def _home() -> Path:
    return Path(os.environ.get("HEADWATER_HOME") or "var").expanduser()


def _offset() -> int:
    told = os.environ.get("HEADWATER_PORT_OFFSET")
    try:
        kept = {} if told else json.loads((_home() / "run" / "environment").read_text())
        return int(told or kept.get("HEADWATER_PORT_OFFSET", 0))
    except (OSError, ValueError):
        return 0
