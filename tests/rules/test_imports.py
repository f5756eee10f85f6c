"""Who may import whom. These four tables are the architecture; docs/architecture.md draws them."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

import pytest

from tests.rules import tree
from tests.rules.purity import FORBIDDEN, pure_files

# Beside itself, services.common and headwater.v1 / headwater.internal, which all may.
ALSO_ALLOWED: dict[str, tuple[str, ...]] = {}

# `import services` itself, to look for the settings of all programs.
LOOKS_AROUND = "services/common/settings_catalog.py:"

# The one place that speaks to each outside part or carries each framework. A second place needs a reason beside it.
CLIENTS: dict[str, tuple[str, ...]] = {
    "nats": ("services/common/bus/*", "services/common/bus*.py"),
    "redis": ("services/common/redis*",),
    "minio": ("services/common/objects*",),
    "urllib3": ("services/common/objects*",),
    "httptools": ("services/packager/http/*", "services/common/http*"),
    "starlette": ("services/api/*", "services/common/http*"),
    "uvicorn": ("services/api/*", "services/common/http*"),
    "opentelemetry": ("services/common/*",),
    "prometheus_client": ("services/common/*",),
    "structlog": ("services/common/*",),  # its context is bound where a call comes in
    # Blocking calls into FFmpeg: pictures for thumbnails, made where they are asked for, and the demo's picture.
    "av": (
        "services/api/picture_codec.py",  # what people upload
        "services/archiver/*",
        "services/packager/origin/picture.py",
        "services/machine/demo*",
        "headwater/cli/demo*",
    ),
}

# What other people install must not need what is deployed; only the command line starts it.
MAY_START_SERVICES = ("headwater/cli/*",)


def _imports(*roots: str) -> Iterator[tuple[str, str, str]]:
    """Each import below some folders: the file, the imported name, and how to say it in a failure."""
    for name in tree.python_files(*roots):
        for imported, line in tree.imports(name):
            yield name, imported, f"{name}:{line} imports {imported}"


def _is_any(imported: str, packages: Iterable[str]) -> bool:
    return any(tree.is_within(imported, package) for package in packages)


def _may_import(owner: str) -> set[str]:
    """What of services/ a folder of it may use."""
    return {"services.common", f"services.{owner}", *ALSO_ALLOWED.get(owner, ())}


def test_service_imports_only_itself_and_what_is_common() -> None:
    """A service knows no other service, and what is common knows none at all."""
    strangers = [
        said
        for name, imported, said in _imports("services")
        if tree.is_within(imported, "services") and not _is_any(imported, _may_import(name.split("/")[1]))
    ]

    assert [said for said in strangers if not said.startswith(LOOKS_AROUND)] == []


def test_service_takes_from_headwater_only_its_messages() -> None:
    """The client and the command line are for other people; services share only the contract."""
    taken = [
        said
        for _, imported, said in _imports("services")
        if tree.is_within(imported, "headwater") and not _is_any(imported, ("headwater.v1", "headwater.internal"))
    ]

    assert taken == []


def test_headwater_needs_no_service() -> None:
    """The wheel holds headwater alone, so it must work without services; `headwater run` looks for them when asked."""
    needed = [
        said
        for name, imported, said in _imports("headwater")
        if tree.is_within(imported, "services") and not any(fnmatch(name, pattern) for pattern in MAY_START_SERVICES)
    ]

    assert needed == []


def test_production_code_needs_no_test() -> None:
    """Nothing that is deployed imports from tests or tools."""
    needed = [
        said
        for _, imported, said in _imports("services", "headwater")
        if _is_any(imported, ("tests", "tools", "pytest", "hypothesis"))
    ]

    assert needed == []


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_client_is_imported_in_one_place(client: str) -> None:
    """A server's client can be exchanged in one file."""
    elsewhere = [
        said
        for name, imported, said in _imports("services", "headwater")
        if tree.is_within(imported, client) and not any(fnmatch(name, pattern) for pattern in CLIENTS[client])
    ]

    assert elsewhere == []


def test_pure_file_reaches_nothing_of_the_world() -> None:
    """Neither a pure file nor any file of ours that it imports touches loop, clock, chance or a client."""
    assert [way for name in pure_files() for way in _ways_out(name, ())] == []


def _ways_out(name: str, way: tuple[str, ...]) -> list[str]:
    """Each forbidden import reached from a file, with the way that leads there."""
    if name in way:
        return []
    way = (*way, name)
    found = []
    for imported, line in tree.imports(name):
        if any(tree.is_within(imported, one) for one in FORBIDDEN):
            found.append(f"{' -> '.join(way)}:{line} imports {imported}")
        source = tree.source_of(imported) if tree.is_within(imported, "services") else None
        if source is not None:
            found.extend(_ways_out(source, way))
    return found
