"""What other people install: headwater with its generated messages, and nothing that is deployed."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.rules import tree

SHIPPED = ("pyproject.toml", "LICENSE", "README.md", "headwater", "buf", "services")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from a copy, because a build leaves its scratch files beside the sources."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in SHIPPED:
        _copy(tree.ROOT / name, source / name)
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet", "--wheel-dir", str(out)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(source)], check=True)
    return zipfile.ZipFile(next(out.glob("*.whl")))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    elif source.exists():
        shutil.copy(source, target)


def test_wheel_holds_headwater_and_what_its_messages_need(wheel: zipfile.ZipFile) -> None:
    """Nobody's site-packages gets a package called services."""
    packages = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" not in name}

    assert packages == {"headwater", "buf"}


def test_wheel_holds_the_public_contract_only(wheel: zipfile.ZipFile) -> None:
    """The messages of v1 with types and descriptors are there, what our programs tell each other is not."""
    names = set(wheel.namelist())

    assert {"headwater/v1/livestreams_pb2.py", "headwater/v1/livestreams_pb2.pyi", "headwater/py.typed"} <= names
    assert {"headwater/client.py", "headwater/v1/calls.py", "headwater/rest/client.py"} <= names
    assert {"headwater/v1/descriptor.binpb", "buf/validate/validate_pb2.py"} <= names
    assert [name for name in names if name.startswith("headwater/internal")] == []
