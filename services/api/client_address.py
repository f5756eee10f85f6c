"""From which address a call comes, whichever edge it came in by."""

from urllib.parse import unquote

from services.common.proxies import FORWARDED_FOR, Proxies
from services.common.rpc_call import Context


def client_address(context: Context, proxies: Proxies) -> str:
    """The caller's address without port, as his own machine or the first proxy of a stranger has it."""
    metadata = context.invocation_metadata() or ()
    hops = [value for name, value in metadata if name == FORWARDED_FOR and isinstance(value, str)]
    return proxies.client_of(_host(str(context.peer())), ",".join(hops))


def _host(peer: str) -> str:
    """Of `ipv4:127.0.0.1:4711`, `ipv6:%5B::1%5D:4711` as gRPC writes them, and `http:::1:4711` as our edge does."""
    return unquote(peer).partition(":")[2].rpartition(":")[0].strip("[]")
