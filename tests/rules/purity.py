"""Which files are pure: they turn data into data, and take time and chance as arguments."""

from fnmatch import fnmatch

from tests.rules import tree

PURE_FOLDERS = (
    "services/ingest/rtmp/*",
    "services/packager/hls/*",
    "services/packager/cmaf/*",
    "services/common/media/*",
)
MARK = "Pure."

# What touches the world: the loop, the clock, chance, sockets, processes, and every client of a server.
FORBIDDEN = (
    *("asyncio", "concurrent", "multiprocessing", "selectors", "signal", "socket", "ssl", "subprocess", "threading"),
    *("random", "secrets", "time"),
    *("av", "grpc", "httptools", "httpx", "minio", "nats", "opentelemetry", "redis", "starlette", "structlog"),
    *("urllib.request", "urllib3", "uvicorn", "uvloop"),
)


def pure_files() -> list[str]:
    return [name for name in tree.python_files("services") if is_pure(name)]


def is_pure(name: str) -> bool:
    """By its folder, or because its docstring says so (a line of it ends with the mark)."""
    if any(fnmatch(name, pattern) for pattern in PURE_FOLDERS):
        return True
    return any(line.endswith(MARK) for line in tree.docstring(name).splitlines())
