"""What lies in a frozen server's sockets: the one place where a program can be seen in the middle of a write."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


class _Socket(NamedTuple):
    local: int
    remote: int
    unread: int
    inode: str


def held_bytes(port: int, client: int) -> int:
    """Bytes that the process `client` has sent to the server on `port` of this machine and that it has not read."""
    sockets = list(_sockets())
    mine = _inodes(client)
    ours = {each.local for each in sockets if each.remote == port and each.inode in mine}
    return sum(each.unread for each in sockets if each.local == port and each.remote in ours)


def _sockets() -> Iterator[_Socket]:
    for table in _TABLES:
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            words = line.split()
            local, remote = (int(word.rpartition(":")[2], 16) for word in words[1:3])
            yield _Socket(local, remote, int(words[4].rpartition(":")[2], 16), words[9])


def _inodes(pid: int) -> set[str]:
    found = set()
    with suppress(FileNotFoundError):  # it has died
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                kind, _, rest = str(entry.readlink()).partition(":[")
                if kind == "socket":
                    found.add(rest.rstrip("]"))
    return found
