"""The state folder (HEADWATER_HOME): where each thing lies, and who may hold it."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


class HomeInUseError(Exception):
    """Another supervisor runs on this folder."""


class Home:
    """One state folder. Making the object touches nothing; `prepare` does."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.run = self.path / "run"
        self.logs = self.path / "log"
        self.admin_token_path = self.path / "admin-token"
        self.environment_path = self.run / "environment"

    def prepare(self) -> None:
        """Make the folders and the admin token if this is the first start. OSError if the folder is not ours."""
        for folder in (self.path, self.run, self.logs):
            folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        self.secret("admin-token", "hw_")

    def pid_path(self, program: str) -> Path:
        return self.run / f"{program}.pid"

    def log_path(self, program: str) -> Path:
        return self.logs / f"{program}.log"

    def secret(self, name: str, prefix: str = "") -> str:
        """The secret kept under `name`, made at first use: 256 random bits as URL-safe text, file mode 600.

        An empty file, as a disk that lost its power may leave, is as none.
        """
        path = self.path / name
        if not path.exists() or not path.read_text().strip():
            write_private(path, f"{prefix}{secrets.token_urlsafe(32)}\n")
        return path.read_text().strip()

    def write_environment(self, variables: Mapping[str, str]) -> None:
        """Keep what the programs were started with, so that one more can be started beside them."""
        write_private(self.environment_path, json.dumps(dict(variables), indent=1, sort_keys=True))

    def environment(self) -> dict[str, str] | None:
        """What `write_environment` kept; None if no supervisor has run here."""
        if not self.environment_path.exists():
            return None
        loaded: dict[str, str] = json.loads(self.environment_path.read_text())
        return loaded

    @contextmanager
    def hold(self, name: str = "supervisor") -> Iterator[None]:
        """Hold this folder (or one replica's place in it) for as long as the process lives.

        HomeInUseError names the process that holds it already. The kernel gives the lock back when its holder dies
        in whatever way, so a pid file left behind never stands in the way.
        """
        path = self.run / f"{name}.lock"
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                owner = file.read().strip() or "unknown"
                raise HomeInUseError(f"{self.path} is in use by the process with pid {owner}") from None
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield

    def is_held(self, name: str = "supervisor") -> bool:
        """True while a living process holds `name`."""
        path = self.run / f"{name}.lock"
        if not path.exists():
            return False
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())  # or the name may outlive a power cut and the text not
    temporary.replace(path)
