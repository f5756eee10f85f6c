"""A whole machine: real nats-server, Redis and S3, small programs, killed and stopped in all ways."""

import asyncio
import json
import os
import signal
import socket
from pathlib import Path

import pytest

from services.common.settings_load import load
from services.machine.doctor import examine
from services.machine.finding import Verdict
from services.machine.part_s3 import find_minio
from services.machine.probe import http_status
from services.machine.probe_parts import Answer, ask_nats, ask_redis
from services.machine.settings import MachineSettings
from tests.machine.closed import in_plain_sight, programs_get_in, strangers_are_refused
from tests.machine.programs import is_alive, pid_of, started, until
from tests.machine.running import all_gone, free_offset, machine
from tests.machine.stores import put_then_kill_then_get

pytestmark = pytest.mark.connected


async def test_start_prints_one_block_and_everything_answers(tmp_path: Path) -> None:
    """Servers and programs run, each with its pid file, and the block names what a person needs."""
    with machine(tmp_path / "var") as running:
        await running.ready()
        assert set(running.pids()) == {"nats", "redis", "s3", "origin", "origin-2", "api"}
        assert await http_status(9000 + running.offset, "/") == 403  # nobody is let in without a key
        rest = f":{8080 + running.offset}"
        for line in (f"{rest}/\n", f"{rest}/docs ", f":{1935 + running.offset}/live", "admin-token", "Ctrl-C stops it"):
            assert running.said().count(line) == 1
        given = json.loads(running.home.log_path("api").read_text().splitlines()[0])
        assert given["HEADWATER_NATS_URL"].endswith(f"@127.0.0.1:{4222 + running.offset}")
        assert given["HEADWATER_REDIS_URL"].endswith(f"@127.0.0.1:{6379 + running.offset}/0")
        assert await ask_nats(given["HEADWATER_NATS_URL"]) is Answer.OK
        assert await ask_redis(given["HEADWATER_REDIS_URL"]) is Answer.OK
        assert given["HEADWATER_S3_SECRET_KEY"] == running.home.secret("s3-secret-key")


async def test_nats_and_redis_are_closed_to_other_users_of_the_machine(tmp_path: Path) -> None:
    """Without our password, or with a wrong one, nothing is read or written; programs' clients get in with theirs."""
    with machine(tmp_path / "var") as running:
        await running.ready()
        given = running.home.environment() or {}
        nats_url, redis_url = given["HEADWATER_NATS_URL"], given["HEADWATER_REDIS_URL"]
        await strangers_are_refused(nats_url, redis_url)
        await programs_get_in(nats_url, redis_url)
        told = [nats_url.split("@")[0].split(":")[2], redis_url.split("@")[0].split(":")[2]]
        assert told == [running.home.secret("nats-password"), running.home.secret("redis-password")]
        assert not in_plain_sight(running, told)


async def test_sigterm_stops_everything_in_order_and_leaves_no_pid_file(tmp_path: Path) -> None:
    """One signal ends all processes with exit code 0, and the folder is free again."""
    with machine(tmp_path / "var") as running:
        await running.ready()
        pids = running.pids()
        running.process.send_signal(signal.SIGTERM)
        assert await running.ended() == 0
        assert not any(is_alive(pid) for pid in pids.values())
        assert running.pids() == {}
        assert not running.home.is_held()


async def test_second_signal_ends_at_once_what_does_not_want_to_stop(tmp_path: Path) -> None:
    """A program that ignores SIGTERM delays the first Ctrl-C, not the second."""
    with machine(tmp_path / "var", env={"STUBBORN": "1"}) as running:
        await running.ready()
        pids = running.pids()
        running.process.send_signal(signal.SIGINT)
        await until(lambda: "origin" not in running.pids())
        assert is_alive(pids["api"])
        running.process.send_signal(signal.SIGINT)
        await running.ended()
        await all_gone(pids)
        assert "was killed" not in running.said()


async def test_unwritable_folder_is_named_instead_of_a_traceback(tmp_path: Path) -> None:
    """A state folder that cannot be made is said in one line with the setting that moves it."""
    (tmp_path / "file").write_text("")
    with machine(tmp_path / "file" / "var", offset=2000) as running:
        assert await running.ended() == 1
        assert running.said().splitlines()[-1].startswith("headwater: ")
        assert "HEADWATER_HOME" in running.said()
        assert "Traceback" not in running.said()


async def test_folder_that_cannot_be_made_for_another_reason_is_named_too(tmp_path: Path) -> None:
    """Read-only, full, or with a name that is too long: one line as well."""
    with machine(tmp_path / ("a" * 300), offset=2000) as running:
        assert await running.ended() == 1
        assert running.said().startswith(f"headwater: {tmp_path}/aaa")
        assert "Traceback" not in running.said()


async def test_kill_9_of_the_supervisor_takes_all_children_along_and_a_new_start_works(tmp_path: Path) -> None:
    """No child outlives its supervisor; what is left (pid files, lock) is in nobody's way at the same ports."""
    with machine(tmp_path / "var") as first:
        await first.ready()
        pids = first.pids()
        first.process.kill()
        await all_gone(pids)
        with machine(tmp_path / "var", offset=first.offset) as second:
            await second.ready()
            assert set(second.pids()) == set(pids)
            assert second.pids()["api"] != pids["api"]


async def test_second_start_on_the_same_folder_is_refused_in_words(tmp_path: Path) -> None:
    """Two systems never share a state folder: the second names the first and changes nothing."""
    with machine(tmp_path / "var") as first:
        await first.ready()
        pids = first.pids()
        with machine(tmp_path / "var", offset=first.offset) as second:
            assert await second.ended() == 1
            assert f"in use by the process with pid {first.process.pid}" in second.said()
        assert first.pids() == pids


async def test_port_set_by_hand_is_the_one_that_is_opened_and_printed(tmp_path: Path) -> None:
    """A program's own port setting holds for the socket that the supervisor opens in its place."""
    offset = free_offset()
    chosen = str(8090 + offset)
    with machine(tmp_path / "var", offset=offset, env={"HEADWATER_ORIGIN_PORT": chosen}) as running:
        await running.ready()
        assert f":{chosen}/<id>/watch" in running.said()
        assert await asyncio.wait_for(_greeting(int(chosen)), 20) in (b"origin", b"origin-2")


async def test_taken_port_ends_the_start_with_its_number_and_the_way_out(tmp_path: Path) -> None:
    """A promised port that somebody holds is named, with the setting that moves all ports."""
    offset = free_offset()
    with socket.create_server(("127.0.0.1", 8088 + offset)), machine(tmp_path / "var", offset=offset) as running:
        assert await running.ended() == 1
        assert f"port {8088 + offset} (origin) is taken by" in running.said()
        assert "HEADWATER_PORT_OFFSET" in running.said()


async def test_disk_too_small_for_the_logs_is_said_at_start(tmp_path: Path) -> None:
    """One line says what is free and what the logs may take, whatever becomes of the start."""
    env = {"HEADWATER_CMAF_LOG_BYTES": "9000T"}
    offset = free_offset()
    with (
        socket.create_server(("127.0.0.1", 8088 + offset)),
        machine(tmp_path / "var", offset=offset, env=env) as running,
    ):
        assert await running.ended() == 1
        warnings = [line for line in running.said().splitlines() if line.startswith("disk: ")]
    assert len(warnings) == 1
    assert "GB free at" in warnings[0]
    assert "the logs may take 90000" in warnings[0]


async def test_killed_server_and_program_come_back_while_callers_wait(tmp_path: Path) -> None:
    """Each process is replaced after kill -9; with both origins down a viewer's connection waits and is answered."""
    with machine(tmp_path / "var") as running:
        await running.ready()
        before = running.pids()
        for name in ("nats", "origin", "origin-2"):
            os.kill(before[name], signal.SIGKILL)
        await until(lambda: not is_alive(before["origin"]) and not is_alive(before["origin-2"]))
        answers = {(await asyncio.wait_for(_greeting(8088 + running.offset), 20)) for _ in range(3)}
        assert answers <= {b"origin", b"origin-2"}
        await started(running.home, "nats", other_than=before["nats"])
        await until(lambda: "nats ended (killed by SIGKILL)" in running.said())


async def test_one_more_replica_runs_beside_with_ports_and_pid_file_of_its_own(tmp_path: Path) -> None:
    """`--only` adds a replica under the next name and port; stopping it leaves the system alone."""
    with machine(tmp_path / "var") as running:
        await running.ready()
        with machine(tmp_path / "var", "origin", offset=running.offset) as more:
            await started(running.home, "origin-3")
            assert await asyncio.wait_for(_greeting(8089 + running.offset), 20) == b"origin-3"
            more.process.send_signal(signal.SIGTERM)
            assert await more.ended() == 0
        assert pid_of(running.home, "origin-3") == 0
        assert is_alive(pid_of(running.home, "origin"))


async def test_one_more_replica_of_nothing_is_refused(tmp_path: Path) -> None:
    """`--only` without a running system says what to do."""
    with machine(tmp_path / "var", "origin") as more:
        assert await more.ended() == 1
        assert "`headwater run` starts it" in more.said()


async def test_outside_parts_are_used_and_not_started(tmp_path: Path) -> None:
    """With HEADWATER_REDIS_URL set there is no Redis of ours, and programs get the URL as it was given."""
    url = "redis://127.0.0.1:1/0"
    with machine(tmp_path / "var", env={"HEADWATER_REDIS_URL": url}) as running:
        await running.ready()
        assert "redis" not in running.pids()
        assert json.loads(running.home.log_path("api").read_text().splitlines()[0])["HEADWATER_REDIS_URL"] == url


async def test_doctor_names_what_has_died_and_finds_nothing_wrong_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts of a running system answer; a part that is stopped is named with its log."""
    with machine(tmp_path / "var") as running:
        await running.ready()
        monkeypatch.setenv("HEADWATER_HOME", str(running.home.path))
        findings = {one.subject: one for one in await examine(load(MachineSettings))}
        assert [findings[part].verdict for part in ("nats", "redis", "s3")] == [Verdict.OK] * 3
        os.kill(running.pids()["redis"], signal.SIGSTOP)
        findings = {one.subject: one for one in await examine(load(MachineSettings))}
        assert findings["redis"].verdict is Verdict.WRONG
        assert "log/redis.log" in findings["redis"].advice


@pytest.mark.parametrize("with_minio", [False, True], ids=["seaweedfs", "minio"])
async def test_each_s3_server_takes_our_key_only_and_keeps_what_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_minio: bool
) -> None:
    """Whichever store runs, it is closed to strangers, and a restart finds the objects."""
    minio = find_minio(None)
    if with_minio and minio is None:
        pytest.skip("no MinIO here: `make minio` builds it")
    monkeypatch.setenv("HEADWATER_PORT_OFFSET", str(free_offset()))
    await put_then_kill_then_get(tmp_path, load(MachineSettings), with_minio=with_minio)


async def _greeting(number: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", number)
    try:
        return await reader.read()
    finally:
        writer.close()
