"""Reads a program's settings out of the environment, or says in one line each what is wrong with them."""

import difflib
import os
import re
import sys
from collections.abc import Iterable
from typing import Any, TypeVar, get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from services.common.redaction import MASK, is_secret_name, redact_text
from services.common.settings import PREFIX, ServiceSettings, variable
from services.common.settings_catalog import known_variables, settings_classes
from services.common.settings_types import Spelling

S = TypeVar("S", bound=ServiceSettings)

EXIT_BAD_SETTINGS = 2

_SERVICE_LINK = re.compile(r"_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$")
_MAX_SHOWN = 80


class SettingsError(Exception):
    """The environment is wrong; `lines` say how, one per variable."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("; ".join(self.lines))


def load(settings: type[S]) -> S:
    """Read and check; SettingsError names every variable that is unknown or wrong."""
    unknown = _unknown(known_variables((settings, *settings_classes())))
    sources: dict[str, Any] = {"_secrets_dir": os.environ.get("HEADWATER_SECRETS_DIR")}
    try:
        loaded = settings(**sources)
    except ValidationError as error:
        raise SettingsError([*unknown, *_explain(settings, error)]) from None
    if unknown:
        raise SettingsError(unknown)
    return loaded


def load_or_exit(settings: type[S]) -> S:
    """Read and check; a wrong environment ends the process with status 2 and a line per variable on stderr."""
    try:
        return load(settings)
    except SettingsError as error:
        for line in error.lines:
            sys.stderr.write(f"headwater: {line}\n")
        raise SystemExit(EXIT_BAD_SETTINGS) from None


def _unknown(known: set[str]) -> list[str]:
    lines = []
    for name in sorted(os.environ):
        if not name.startswith(PREFIX) or name in known or _SERVICE_LINK.search(name):
            continue  # Kubernetes puts HEADWATER_API_SERVICE_HOST and the like there by itself
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "docs/configuration.md lists them all"
        lines.append(f"{name}: there is no such setting; {hint}")
    return lines


def _explain(settings: type[ServiceSettings], error: ValidationError) -> Iterable[str]:
    for problem in error.errors(include_url=False, include_context=False):
        where = str(problem["loc"][0]) if problem["loc"] else ""
        field = _field_name(settings, where)
        if field is None:
            yield problem["msg"].removeprefix("Value error, ")  # a rule between settings names them itself
            continue
        info = settings.model_fields[field]
        name = variable(settings, field)
        yield f"{name}: {_shown(name, info)} is not valid; expected {_expected(info, problem['msg'])}"


def _field_name(settings: type[ServiceSettings], where: str) -> str | None:
    if where in settings.model_fields:
        return where
    return next((field for field in settings.model_fields if variable(settings, field) == where), None)


def _shown(name: str, info: FieldInfo) -> str:
    value = os.environ.get(name, "")
    if is_secret_name(name) or SecretStr in (info.annotation, *get_args(info.annotation)):
        return MASK
    shown = redact_text(value)
    return repr(shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}...")


def _expected(info: FieldInfo, message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input should be ")
    for mark in info.metadata:
        if isinstance(mark, Spelling):
            bound = f" ({text})" if "than" in text else ""
            return mark.expected + bound
    return text
