"""All settings of all programs, found by looking: for the table in docs/ and for refusing names that nobody knows."""

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import services
from services.common.settings import ServiceSettings, variable

HANDED_DOWN: Mapping[str, str] = {
    "HEADWATER_SOCKETS": "Listening sockets handed down by the supervisor, as JSON: name to file descriptor.",
    "HEADWATER_PARENT_PID": "The supervisor's process id: a program whose supervisor has died ends with it.",
    "HEADWATER_SECRETS_DIR": "A folder with one file per secret setting, named like the variable in lower case.",
}
"""Variables that are read outside a settings class."""

COMMAND_LINE: Mapping[str, str] = {
    "HEADWATER_URL": "Where the command line finds the REST API.",
    "HEADWATER_GRPC_URL": "Where the Python client finds gRPC (grpc:// or grpcs://); not set: on HEADWATER_URL's host.",
    "HEADWATER_TOKEN": "The API token that both use; not set: HEADWATER_HOME/admin-token.",
    "HEADWATER_TENANT": "The tenant that the admin token acts in; not set: default.",
}
"""Variables of the command line and of the Python client, which may stand in the same environment."""


def settings_classes() -> list[type[ServiceSettings]]:
    """The settings class of each program, by name of program.

    Looks into every file whose name ends in settings.py below services/, so these must import nothing heavy.
    """
    for root in services.__path__:
        for path in sorted(Path(root).glob("*/**/*settings.py")):
            parts = path.relative_to(root).with_suffix("").parts
            if parts[0] != "common":
                importlib.import_module(".".join(("services", *parts)))
    found = (cls for cls in _subclasses(ServiceSettings) if cls.__module__.startswith("services."))
    return sorted(found, key=lambda cls: (cls.program, cls.__qualname__))


def known_variables(classes: Iterable[type[ServiceSettings]]) -> set[str]:
    """Every variable that some program, the supervisor or the command line reads."""
    every: list[type[ServiceSettings]] = [ServiceSettings, *classes]
    own = {variable(cls, field) for cls in every for field in cls.model_fields}
    return own | set(HANDED_DOWN) | set(COMMAND_LINE)


def _subclasses(cls: type[ServiceSettings]) -> Iterable[type[ServiceSettings]]:
    for child in cls.__subclasses__():
        yield child
        yield from _subclasses(child)
