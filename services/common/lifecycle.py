"""The life of a program, the same for all: read settings, open, work, drain, stop, close, end.

A program is an `open_app` that builds everything and an `App` that names its jobs. SIGTERM turns readiness red, lets
`drain` finish within its time and stops; SIGINT stops at once; a second signal ends the process on the spot. A job
that fails ends the program with status 1 and one line that says why, so that whoever started it starts it again;
what it was given and cannot open (a key that is none: AppError(INVALID)) ends it with status 2 as a wrong setting does;
a *connection* that fails is the business of its own `run` and never gets here.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeVar

import uvloop

from services.common import log, process_metrics, telemetry
from services.common.allocator import keep_freed_memory
from services.common.bus.errors import BusError
from services.common.clock import SystemClock
from services.common.errors import AppError, Kind
from services.common.health import Health, Phase
from services.common.ops_server import OpsServer
from services.common.parent import die_with_parent
from services.common.settings import ServiceSettings
from services.common.settings_load import EXIT_BAD_SETTINGS, load_or_exit
from services.common.stopping import Stopping, end_within

S = TypeVar("S", bound=ServiceSettings)

_log = log.get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """Something a program does all its life. One that returns has done its work; one that raises ends the program."""

    name: str
    run: Callable[[], Coroutine[Any, Any, None]]


class App(Protocol):
    """An opened program."""

    def jobs(self) -> Iterable[Job]:
        """What runs until the program stops."""
        ...

    async def drain(self) -> None:
        """Take nothing new and return when work in hand is done; cancelled when its time is up."""
        ...


OpenApp = Callable[[S, Health], AbstractAsyncContextManager[App]]
"""Opens everything a program needs and closes it in reverse (see `Resources`); adds its checks to the Health."""


class JobFailedError(Exception):
    """A job ended by the exception that is this one's cause."""

    def __init__(self, job: str) -> None:
        super().__init__(job)
        self.job = job


class _StopError(Exception):
    """Ends the task group from inside."""


def main(open_app: OpenApp[S], settings: type[S]) -> int:
    """Run a program to its end and return its exit status; `raise SystemExit(main(open_app, Settings))`."""
    return run(open_app, load_or_exit(settings))


def run(open_app: OpenApp[S], settings: S) -> int:
    """As `main`, with the settings at hand. For a process's main thread only: it takes the signals.

    From the moment it is to stop the process is gone within drain_timeout + 2 * close_timeout seconds, whatever hangs.
    """
    die_with_parent()
    keep_freed_memory()
    text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    log.configure(
        program=settings.program,
        replica=settings.replica,
        level=settings.log_level,
        form="text" if text else "json",
    )
    process_metrics.register(program=settings.program, replica=settings.replica, clock=SystemClock())
    with telemetry.tracing(settings), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_live(open_app, settings))


async def _live(open_app: OpenApp[S], settings: S) -> int:
    stopping = Stopping()
    try:
        await _open_and_work(open_app, settings, stopping)
    except asyncio.CancelledError:
        if not stopping.is_asked:
            raise
        _log.info("stopped while starting")
    except Exception as error:  # noqa: BLE001  the one place where a program's end is told
        end_within(2 * settings.close_timeout, exit_code=1)
        _tell(error)
        return EXIT_BAD_SETTINGS if _is_wrong_setting(error) else 1
    else:
        _log.info("stopped")
    return 0


async def _open_and_work(open_app: OpenApp[S], settings: S, stopping: Stopping) -> None:
    health = Health()
    opening = asyncio.current_task()
    limit = 2 * settings.close_timeout

    def stop_opening() -> None:
        end_within(limit + (settings.drain_timeout if stopping.drains else 0), exit_code=1)
        if opening is not None and health.phase is Phase.STARTING:
            opening.cancel()

    stopping.listen(stop_opening)
    async with (
        OpsServer(settings.internal_bind, settings.metrics_port, health),
        open_app(settings, health) as app,
    ):
        health.enter(Phase.RUNNING)
        _log.info("started")
        try:
            await _work(app, health, stopping, settings.drain_timeout)
        finally:
            end_within(limit, exit_code=1)


async def _work(app: App, health: Health, stopping: Stopping, grace_s: float) -> None:
    try:
        async with asyncio.TaskGroup() as tasks:
            for job in app.jobs():
                tasks.create_task(_run_job(job), name=job.name)
            tasks.create_task(_stop_when_asked(app, health, stopping, grace_s), name="stop when asked")
    except* _StopError:
        _log.info("closing")


async def _run_job(job: Job) -> None:
    try:
        await job.run()
    except Exception as error:
        raise JobFailedError(job.name) from error


async def _stop_when_asked(app: App, health: Health, stopping: Stopping, grace_s: float) -> NoReturn:
    await stopping.wait()
    health.enter(Phase.DRAINING)
    if stopping.drains:
        _log.info("draining", grace_s=grace_s)
        try:
            async with asyncio.timeout(grace_s):
                await app.drain()
        except TimeoutError:
            _log.warning("drain cut short", after_s=grace_s)
    raise _StopError


def _is_wrong_setting(error: BaseException) -> bool:
    """True if what was given to the program is wrong, so that another start ends the same."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return isinstance(error, AppError) and error.kind is Kind.INVALID


def _tell(error: BaseException) -> None:
    """One line for the end of a program; the traceback only where nobody foresaw the error."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    job = error.job if isinstance(error, JobFailedError) else None
    cause = (error.__cause__ or error) if job else error
    foreseen = isinstance(cause, AppError | BusError | OSError)
    _log.error(
        "program failed",
        reason=str(cause) or type(cause).__name__,
        **({"job": job} if job else {"while": "opening or closing"}),
        exc_info=None if foreseen else cause,
    )
