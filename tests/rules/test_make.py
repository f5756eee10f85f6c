"""The targets that people and tools rely on are there, and say what they do."""

import re
import subprocess

import pytest

from tests.rules import tree

PROMISED = ("setup", "run", "test", "lint", "bench", "demo", "minio", "clean", "help")


def _make(*arguments: str) -> str:
    return subprocess.run(["make", *arguments], cwd=tree.ROOT, capture_output=True, check=True, text=True).stdout


@pytest.fixture(scope="module")
def helped() -> dict[str, str]:
    return dict(re.findall(r"^  make (\S+)\s+(.+)$", _make("help"), re.MULTILINE))


@pytest.mark.parametrize("target", PROMISED)
def test_promised_target_is_explained(helped: dict[str, str], target: str) -> None:
    """`make help` has a line for each target whose name is fixed."""
    assert helped[target]


def test_every_target_that_is_explained_exists(helped: dict[str, str]) -> None:
    """make knows how to make what help lists."""
    _make("--dry-run", *helped)

    assert set(helped) >= set(PROMISED)


def test_second_setup_has_nothing_to_do() -> None:
    """Where everything is installed, `make setup` says nothing and installs nothing."""
    assert _make("setup") == ""


@pytest.mark.parametrize("target", ["run", "demo", "test"])
def test_target_sets_up_by_itself(target: str) -> None:
    """Nobody has to know that there is a `make setup` before `make run`."""
    assert "tools/protos.py" in _make("--dry-run", target)
