"""The supervisor with real processes."""

import asyncio
import json
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from services.machine.home import Home
from services.machine.listeners import Listeners
from services.machine.logfile import last_lines
from services.machine.screen import Screen
from tests.machine.programs import (
    BREAKING,
    GREETER,
    NOTING,
    SLEEPER,
    STUBBORN,
    is_alive,
    pid_of,
    python,
    started,
    supervised,
    until,
)
from tests.servers.ports import free_ports


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "var")
    home.prepare()
    return home


async def test_killed_program_runs_again_under_a_new_pid(home: Home) -> None:
    """A program that dies is started again, and its pid file names the new process."""
    async with supervised(home) as supervisor:
        supervisor.keep(python("ingest", SLEEPER))
        first = await started(home, "ingest")
        os.kill(first, signal.SIGKILL)
        assert is_alive(await started(home, "ingest", other_than=first))
        assert not is_alive(first)


async def test_stop_follows_the_order_and_takes_replicas_along(home: Home) -> None:
    """Programs stop step by step, and a second replica stops with its first."""
    env = {"ORDER": str(home.path / "order")}
    async with supervised(home) as supervisor:
        for name in ("nats", "origin", "origin-2", "ingest"):
            supervisor.keep(python(name, NOTING, env | {"NAME": name}))
        await until(lambda: all(_is_up(home, name) for name in ("nats", "origin", "origin-2", "ingest")))
        await supervisor.stop([("ingest",), ("origin",), ("nats",)])
    order = (home.path / "order").read_text().split()
    assert order[0] == "ingest"
    assert sorted(order[1:3]) == ["origin", "origin-2"]
    assert order[3] == "nats"
    assert list(home.run.glob("*.pid")) == []


async def test_program_that_ignores_sigterm_is_killed_at_its_deadline(home: Home) -> None:
    """Stopping is bounded: who does not end by itself is killed, and that is said."""
    async with supervised(home) as supervisor:
        supervisor.keep(python("packager", STUBBORN))
        await until(lambda: _is_up(home, "packager"))
        pid = pid_of(home, "packager")
        await supervisor.stop([("packager",)], deadline_s=0.2)
        assert not is_alive(pid)
    said = home.log_path("supervisor")
    assert said.exists(), f"nothing was said of pid {pid}; its log: {last_lines(home.log_path('packager'))}"
    assert "packager did not stop" in said.read_text()


async def test_program_that_breaks_while_it_is_stopped_is_named_with_how_it_ended(home: Home) -> None:
    """Who ends otherwise than one does who was asked to is not passed over because all of it ends."""
    async with supervised(home) as supervisor:
        supervisor.keep(python("packager", BREAKING))
        await until(lambda: _is_up(home, "packager"))
        await supervisor.stop([("packager",)])
    said = home.log_path("supervisor").read_text()
    assert "packager ended (exit code 3) while it was being stopped" in said
    assert "    cannot let go" in said


async def test_program_that_ends_as_asked_is_not_mentioned(home: Home) -> None:
    """By a signal or by itself: both are in order."""
    async with supervised(home) as supervisor:
        supervisor.keep(python("packager", SLEEPER))
        await until(lambda: _is_up(home, "packager"))
        await supervisor.stop([("packager",)])
    assert not home.log_path("supervisor").exists()


def _is_up(home: Home, name: str) -> bool:
    """Its own word, and not what its Python may have had to say before."""
    return "up" in last_lines(home.log_path(name))


async def test_program_that_keeps_dying_is_named_with_the_end_of_its_log(home: Home) -> None:
    """Three early deaths in a row print the program's own last words, once."""
    async with supervised(home) as supervisor:
        supervisor.keep(python("stats", "raise SystemExit('no figures today')"))
        said = home.log_path("supervisor")
        await until(lambda: said.exists() and "keeps dying" in said.read_text())
    assert "stats ended (exit code 1)" in said.read_text()
    assert said.read_text().count("keeps dying") == 1
    assert "    no figures today" in said.read_text()


async def test_full_disk_ends_neither_the_supervisor_nor_what_it_keeps(home: Home) -> None:
    """Nothing can be noted any more, and programs are still started again, each once."""
    for path in (home.log_path("supervisor"), home.pid_path("stats").with_suffix(".new")):
        path.symlink_to("/dev/full")
    lives = home.path / "lives"
    async with supervised(home) as supervisor:
        code = f"import os, time; open({str(lives)!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(600)"
        supervisor.keep(python("stats", code))
        await until(lambda: lives.exists() and bool(lives.read_text()))
        os.kill(int(lives.read_text()), signal.SIGKILL)
        await until(lambda: len(lives.read_text().split()) == 2)
        first, second = map(int, lives.read_text().split())
        assert (is_alive(first), is_alive(second)) == (False, True)


async def test_program_that_says_why_it_failed_is_named_with_that(home: Home) -> None:
    """The first time already, and however long it had lived: the reason is in the last line of its log."""
    last = json.dumps({"event": "program failed", "reason": "no room for it"})
    async with supervised(home) as supervisor:
        supervisor.keep(python("ingest", f"import sys; print({last!r}, flush=True); sys.exit(1)"))
        said = home.log_path("supervisor")
        await until(lambda: said.exists() and "started again at once" in said.read_text())
    assert "ingest ended (exit code 1: no room for it); started again at once" in said.read_text()


async def test_program_that_refuses_its_settings_is_reported_as_such(home: Home) -> None:
    """Exit code 2 is a wrong setting: the supervisor learns of it and shows what the program said."""
    async with supervised(home) as supervisor:
        supervisor.keep(python("api", "import sys; print('HEADWATER_X: no'); sys.exit(2)"))
        await asyncio.wait_for(supervisor.refused.wait(), 20)
    assert "    HEADWATER_X: no" in home.log_path("supervisor").read_text()


async def test_missing_binary_is_retried_and_noted_in_its_log(home: Home) -> None:
    """A program that cannot even be started counts as one that died."""
    async with supervised(home) as supervisor:
        command = python("redis", "")
        supervisor.keep(type(command)("redis", ("/nowhere/redis-server",), {}))
        await until(lambda: bool(last_lines(home.log_path("redis"))))
    assert "cannot be started" in home.log_path("redis").read_text()
    assert "redis ended (could not be started)" in home.log_path("supervisor").read_text()


async def test_child_that_dies_before_it_could_say_why_is_retried_too(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no reason for all others to go."""

    def die(*_: object, **__: object) -> None:
        raise subprocess.SubprocessError("Bad exception data from child")

    monkeypatch.setattr(subprocess, "Popen", die)
    async with supervised(home) as supervisor:
        supervisor.keep(python("redis", ""))
        await until(lambda: bool(last_lines(home.log_path("redis"))))
    assert "cannot be started" in home.log_path("redis").read_text()


async def test_connection_made_while_the_program_is_down_is_answered_by_the_next(home: Home) -> None:
    """The listening socket outlives the program: a caller waits in the backlog and is not refused."""
    (number,) = free_ports(1)
    with Listeners() as listeners:
        listeners.open("rtmp", number)
        fds = listeners.fds(("rtmp",))
        env = {"HEADWATER_SOCKETS": json.dumps(fds)}
        async with supervised(home) as supervisor:
            supervisor.keep(python("ingest", GREETER, env, tuple(fds.values())))
            first = await started(home, "ingest")
            os.kill(first, signal.SIGSTOP)  # it accepts nothing any more, and then it dies
            reader, writer = await asyncio.open_connection("127.0.0.1", number)
            os.kill(first, signal.SIGKILL)
            answer = await asyncio.wait_for(reader.read(), 20)
            writer.close()
            assert answer == b"hello from %d" % pid_of(home, "ingest")
            assert pid_of(home, "ingest") != first


async def test_screen_that_is_gone_ends_nothing(home: Home) -> None:
    """A closed terminal takes away the words, not the system; they stand in the log."""
    read, write = os.pipe()
    os.close(read)
    with suppress(BrokenPipeError), os.fdopen(write, "w") as out:
        Screen(home, out).say("still here")
        assert home.log_path("supervisor").read_text() == "still here\n"
