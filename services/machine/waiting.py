"""Waiting at start: until something answers, with a word to the person who waits, and no longer than makes sense."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from services.machine.supervisor import StartFailedError

_ASK_EVERY_S = 0.05
_SAY_AFTER_S = 2.0


async def until_all(
    questions: Mapping[str, Callable[[], Awaitable[bool]]],
    *,
    what: str,
    say: Callable[[str], None],
    gives_up: Callable[[], bool],
    deadline_s: float = 120.0,
) -> bool:
    """Ask until all answer True; False if `gives_up` says so first; StartFailedError after `deadline_s`.

    After each two seconds a line names those who do not answer yet.
    """
    loop = asyncio.get_running_loop()
    began = said = loop.time()
    missing = dict(questions)
    while missing and not gives_up():
        missing = {name: ask for name, ask in missing.items() if not await ask()}
        now = loop.time()
        if missing and now - said >= _SAY_AFTER_S:
            said = now
            say(f"{what}: waiting for {', '.join(missing)} ({now - began:.0f} s)")
        if missing and now - began >= deadline_s:
            raise StartFailedError(f"{', '.join(missing)} did not answer within {deadline_s:g} s; see the logs")
        await asyncio.sleep(_ASK_EVERY_S if missing else 0)
    return not missing
