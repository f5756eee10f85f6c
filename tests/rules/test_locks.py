"""Lock files: pinned, hashed, without addresses, and the same versions for tests as for running."""

import json
import re

import pytest

from tests.rules import tree

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
LOCKS = ("requirements.txt", "requirements-dev.txt")


def _pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall(tree.text(lock)))


def _entries(lock: str) -> list[str]:
    """Each locked package with the lines that belong to it."""
    return re.split(r"^(?=[a-z0-9])", tree.text(lock), flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_by_hash(lock: str) -> None:
    """A mirror that gives other bytes than those tested is refused."""
    entries = _entries(lock)

    assert entries
    assert [entry.splitlines()[0] for entry in entries if not PIN.match(entry) or "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", [*LOCKS, "package-lock.json"])
def test_lock_names_no_address(lock: str) -> None:
    """Any mirror serves: a lock file carries versions and hashes only."""
    assert "://" not in tree.text(lock)


def test_tests_run_on_the_versions_that_are_deployed() -> None:
    """The lock for tests holds what the lock for running holds, and more."""
    running, testing = _pins("requirements.txt"), _pins("requirements-dev.txt")

    assert {name: version for name, version in running.items() if testing.get(name) != version} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_wanted_package_is_locked(lock: str) -> None:
    """What requirements*.in asks for is in the lock, so `make lock` was not forgotten."""
    lines = tree.text(lock.replace(".txt", ".in")).splitlines()
    wanted = [re.split(r"[\[<>=;\s]", line)[0] for line in lines if line and line[0].isalpha()]

    assert [name for name in wanted if name not in _pins(lock)] == []


def test_javascript_is_pinned_by_hash() -> None:
    """package-lock.json holds the hash of each package, and package.json asks for exact versions."""
    lock, wanted = json.loads(tree.text("package-lock.json")), json.loads(tree.text("package.json"))
    packages = {path: package for path, package in lock["packages"].items() if path}

    assert packages
    assert [path for path, package in packages.items() if not package.get("integrity")] == []
    versions = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in versions} == versions
