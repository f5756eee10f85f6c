"""Answers that take a task: the object store, a question to another service. Not for waiting on media."""

from collections.abc import Coroutine
from typing import Any

from services.common.log import get_logger
from services.common.tasks import spawn
from services.packager.http.pending import Pending
from services.packager.http.refusals import Refused, refusal
from services.packager.http.response import Response

_log = get_logger(__name__)


def later(coro: Coroutine[Any, Any, Response], *, name: str) -> Pending:
    """Let `coro` find the answer in a task of its own, which is cancelled when the client goes away.

    Refused becomes its answer; any other exception is logged and becomes 500.
    """
    pending = Pending(lambda _: task.cancel())
    task = spawn(_answer(coro, pending), name=name)
    return pending


async def _answer(coro: Coroutine[Any, Any, Response], pending: Pending) -> None:
    try:
        response = await coro
    except Refused as refused:
        response = refused.response
    except Exception:  # noqa: BLE001  whatever fails there fails one request, never the server
        _log.exception("a handler failed")
        response = refusal(500)
    pending.resolve(response)
