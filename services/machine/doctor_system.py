"""What the doctor looks at in the system: ports while it is down, parts, programs and logs while it runs."""

import errno
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from services.common import ports
from services.machine.finding import Finding, Verdict, judged
from services.machine.home import Home
from services.machine.ports import LOOPBACK, NO_ADDRESS, ROOTS_PORT, holder, obstacle, port
from services.machine.probe import http_get, http_status
from services.machine.probe_parts import Answer, ask_nats, ask_redis
from services.machine.programs import PROGRAMS, Program, replica_name, served_ports
from services.machine.settings import MachineSettings

_DEFAULT_PORTS = {"nats": ports.NATS, "redis": ports.REDIS, "s3": 80}
_SETTINGS = {"nats": "HEADWATER_NATS_URL", "redis": "HEADWATER_REDIS_URL", "s3": "HEADWATER_S3_ENDPOINT"}
_ALMOST_FULL = 0.8


def port_findings(settings: MachineSettings) -> Iterator[Finding]:
    """Ports that `headwater run` would need and cannot have. One line if all are free."""
    offset = settings.port_offset
    wanted = {part: port(part, offset) for part in ("nats", "redis", "s3") if part not in settings.outside}
    for program in PROGRAMS:
        wanted |= {name: settings.port_of(name) for name in program.listens}
        wanted |= served_ports(program, offset) if program.is_there else {}
    if why := obstacle(0, settings.bind):
        yield Finding("bind", Verdict.WRONG, f"{settings.bind} cannot be listened on ({why.strerror})", NO_ADDRESS)
    taken = {name: (number, why) for name, number in wanted.items() if (why := obstacle(number))}
    for name, (number, why) in taken.items():
        yield _hindered(name, number, why)
    if not taken:
        yield Finding("ports", Verdict.OK, "all free")


def _hindered(name: str, number: int, why: OSError) -> Finding:
    if why.errno == errno.EACCES:
        return Finding("port", Verdict.WRONG, f"{number} ({name}) may not be opened by us", ROOTS_PORT)
    advice = "stop it, or set HEADWATER_PORT_OFFSET (say 1000) to move all of Headwater's ports"
    return Finding("port", Verdict.WRONG, f"{number} ({name}) is taken by {holder(number)}", advice)


async def part_findings(environment: Mapping[str, str]) -> list[Finding]:
    """Whether nats-server, Redis and S3 answer where the programs look for them."""
    return [
        await _part(part, setting, url)
        for part, setting in _SETTINGS.items()
        for url in environment.get(setting, "").split(",")
        if urlsplit(url).hostname
    ]


async def program_findings(home: Home, settings: MachineSettings, program: Program) -> list[Finding]:
    """Whether each replica that `headwater run` starts is alive and says that it is ready."""
    found = []
    for number in range(1, program.count + 1):
        name = replica_name(program.name, number)
        place = ports.metrics_port(program.name) if number == 1 else ports.METRICS + len(ports.PROGRAMS) + number - 2
        pid = _pid(home.pid_path(name))
        if not pid:
            found.append(Finding(name, Verdict.WRONG, "is not running", f"see {home.log_path(name)}"))
            continue
        status = await http_status(place + settings.port_offset, "/readyz", settings.near_host)
        text = {200: "ready", 0: "does not answer"}.get(status, f"not ready (HTTP {status})")
        found.append(judged(name, status == 200, f"{text}, pid {pid}", f"see {home.log_path(name)}"))
    return found


async def log_findings(settings: MachineSettings) -> list[Finding]:
    """How full each log shard of our own nats-server is."""
    monitor = port("nats-monitor", settings.port_offset)
    status, body = await http_get(monitor, "/jsz?streams=1&config=1")
    try:
        accounts = json.loads(body).get("account_details") or [] if status == 200 else []
    except ValueError:  # longer than we read
        return []
    streams = [stream for account in accounts for stream in account.get("stream_detail") or []]
    return [found for stream in streams if (found := _fill(stream))]


async def _part(part: str, setting: str, url: str) -> Finding:
    where = urlsplit(url)
    host, number = where.hostname or "", where.port or _DEFAULT_PORTS[part]
    questions = {"nats": ask_nats, "redis": ask_redis}
    if part in questions:
        answer = await questions[part](url)
    else:
        answer = Answer.OK if await http_status(number, "/", host) > 0 else Answer.SILENT
    near = host in (LOOPBACK, "localhost")
    advice = f"see log/{part}.log" if near else "is it up, and may this machine reach it?"
    if answer is Answer.REFUSED:
        advice = f"{setting} has to name a user and password that the server knows"
    return judged(part, answer is Answer.OK, f"{answer} at {host}:{number}", advice)


def _pid(path: Path) -> int:
    try:
        pid = int(path.read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return 0
    return pid


def _fill(stream: Mapping[str, dict[str, int]]) -> Finding | None:
    limit = int(stream.get("config", {}).get("max_bytes", -1))
    name = str(stream.get("name", ""))
    if limit <= 0 or name.startswith("KV_"):
        return None
    used = int(stream.get("state", {}).get("bytes", 0))
    text = f"{used / limit:.0%} of {limit / 1024**3:.1f} GB"
    advice = "recordings do not reach the store, or too much is on air; at 95 % new broadcasts are refused"
    return judged(f"log {name}", used < limit * _ALMOST_FULL, text, advice)
