"""Which S3 server runs, and on which ports."""

import os
import socket
from pathlib import Path

import pytest

from services.common.settings_load import load
from services.machine.home import Home
from services.machine.part import PartMissingError
from services.machine.part_s3 import s3, seaweed_ports
from services.machine.settings import MachineSettings


def test_ports_stay_close_to_the_promised_one() -> None:
    """S3 is where people look for it; what SeaweedFS opens beside it follows directly."""
    ports = seaweed_ports(9000, Path("/nowhere"))
    assert ports["s3.port"] == 9000
    assert sorted(ports.values()) == [9000, 9001, 9002, 9003, 9004, 9010, 9011, 9012, 9013, 9014]


def test_socket_file_of_another_user_moves_the_inner_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another user's killed server has left in /tmp is passed over; what is our own is not."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "seaweedfs-filer-grpc-9013.sock"))
    assert seaweed_ports(9000, tmp_path)["s3.port.grpc"] == 9010
    somebody = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: somebody)
    ports = seaweed_ports(9000, tmp_path)
    assert (ports["s3.port"], ports["filer.port"], ports["s3.port.grpc"]) == (9000, 9003, 9020)


def test_recordings_in_seaweedfs_keep_it_when_minio_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store that holds the data stays the store; a fresh folder takes the MinIO that was named."""
    minio = tmp_path / "minio"
    minio.write_text("#!/bin/sh\n")
    minio.chmod(0o755)
    monkeypatch.setenv("HEADWATER_MINIO_BIN", str(minio))
    old, fresh = Home(tmp_path / "old"), Home(tmp_path / "fresh")
    for home in (old, fresh):
        home.prepare()
    (old.path / "s3" / "weed").mkdir(parents=True)
    assert Path(s3(old, load(MachineSettings)).command.argv[0]).name == "weed"
    assert s3(fresh, load(MachineSettings)).command.argv[0] == str(minio)


def test_named_minio_that_cannot_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong HEADWATER_MINIO_BIN is said, not passed over in silence."""
    monkeypatch.setenv("HEADWATER_MINIO_BIN", str(tmp_path / "none"))
    home = Home(tmp_path / "var")
    home.prepare()
    with pytest.raises(PartMissingError, match="HEADWATER_MINIO_BIN"):
        s3(home, load(MachineSettings))
