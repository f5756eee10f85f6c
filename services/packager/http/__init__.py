"""HTTP/1.1 as the origin needs it: answers rendered once and handed to thousands, and waiters that cost almost nothing.

Parsing and negotiation (`head`, `fields`, `request`, `response`, `ranges`, `negotiation`) are pure; `connection`,
`pump` and `server` are the only files that know a loop.
"""

from services.packager.http.counts import Counts
from services.packager.http.desk import AccessHook, Handler
from services.packager.http.later import later
from services.packager.http.limits import Limits
from services.packager.http.pending import Pending
from services.packager.http.refusals import Refused, refusal
from services.packager.http.request import Request
from services.packager.http.response import Response, compress
from services.packager.http.server import Server
from services.packager.http.stream import Stream

__all__ = [
    "AccessHook",
    "Counts",
    "Handler",
    "Limits",
    "Pending",
    "Refused",
    "Request",
    "Response",
    "Server",
    "Stream",
    "compress",
    "later",
    "refusal",
]
