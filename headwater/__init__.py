"""Headwater for those who use it: the Python client, the command line, and the gRPC contract in `headwater.v1`.

from headwater import Client

with Client() as client:  # HEADWATER_URL and HEADWATER_TOKEN, or the state folder of this machine
    livestream = client.livestreams.create(name="Town hall")
"""

TYPE_CHECKING = False  # as type checkers read it; `typing` takes longer to load than all else here
if TYPE_CHECKING:
    from headwater.client import AsyncClient, Client
    from headwater.errors import ApiError, HeadwaterError, UnreachableError

__all__ = ["ApiError", "AsyncClient", "Client", "HeadwaterError", "UnreachableError"]

_HOMES = {
    "AsyncClient": "headwater.client",
    "Client": "headwater.client",
    "ApiError": "headwater.errors",
    "HeadwaterError": "headwater.errors",
    "UnreachableError": "headwater.errors",
}


def __getattr__(name: str) -> object:
    """Load the client when it is asked for: programs that only want `headwater.v1` do without."""
    if name not in _HOMES:
        raise AttributeError(f"module headwater has no attribute {name}")
    from importlib import import_module  # noqa: PLC0415  see above

    return getattr(import_module(_HOMES[name]), name)
