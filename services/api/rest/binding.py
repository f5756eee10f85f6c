"""A request message out of path, query and body (ProtoJSON), with errors that name the field. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.api.httpbody_pb2 import HttpBody
from google.protobuf import descriptor_pool, json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from services.api.rest.routes import Route
from services.common.errors import AppError, Kind, Violation

Pairs = Sequence[tuple[str, str]]

_UNKNOWN = re.compile(r'has no field named "([^"]*)"(?: at "([^"]*)")?')
_FAILED = re.compile(r"Failed to parse (\w+) field: (.*)", re.DOTALL)
_PLACED = re.compile(r"(.*?) at \w+((?:\.[\w\[\]]+)*)[.\s]*", re.DOTALL)
_NO_TIME = re.compile(r"Failed to parse timestamp|time data .* does not match|unconverted data|out of range for month")
_A_TIME = "must be a time such as 2026-01-31T00:00:00Z"
_NO_WORD = re.compile(r"Invalid enum value .* for enum type ([\w.]+)", re.DOTALL)
_NO_STRING = "expected string or bytes-like object,"
_NO_NUMBER = "invalid literal for int() with base 10:"
_MAX_WORDS = 200


def bind(route: Route, variables: dict[str, str], query: Pairs, body: bytes, content_type: str = "") -> Message:
    """The request; path wins over query, query over body. AppError(INVALID) names what is wrong.

    `content_type` is that of a body which is not JSON.
    """
    request = route.request()
    shape = route.descriptor.input_type
    if route.takes_raw:
        getattr(request, route.body).CopyFrom(HttpBody(content_type=content_type, data=body))
    elif route.body:
        _read_body(request, route.body, body)
    values = _tree(shape, query)
    for field, value in variables.items():
        _put(values, _json_path(shape, field), value)
    _parse(values, request, prefix="")
    return request


def emptied_by(route: Route, request: Message, body: bytes) -> frozenset[str]:
    """The paths that the body of an update empties and `request`, which was bound out of it, does not show."""
    if route.verb != "PATCH" or route.takes_raw or route.body in {"", "*"}:
        return frozenset()
    return frozenset(_emptied(_decode(body), getattr(request, route.body)))


def _emptied(values: Mapping[str, Any], message: Message, prefix: str = "") -> Iterator[str]:
    """Null is as if left out, and an enum has a word for every value that can be meant."""
    shown = {field.name for field, _ in message.ListFields()}
    for field in message.DESCRIPTOR.fields:
        value = values.get(field.json_name, values.get(field.name))
        if value is None:
            continue
        if not field.has_presence and field.enum_type is None and field.name not in shown:
            yield prefix + field.name
        elif _has_fields(field) and isinstance(value, Mapping):
            yield from _emptied(value, getattr(message, field.name), f"{prefix}{field.name}.")


def _has_fields(field: Any) -> bool:
    """Whether single fields of it can be named; times and the like are one value."""
    shape = field.message_type
    return shape is not None and not field.is_repeated and shape.file.package != "google.protobuf"


def _read_body(request: Message, field: str, body: bytes) -> None:
    if field == "*":
        _parse(_decode(body), request, prefix="")
        return
    part = type(getattr(request, field))()
    _parse(_decode(body), part, prefix="")
    getattr(request, field).CopyFrom(part)


def _decode(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        value = json.loads(body, object_pairs_hook=_without_doubles)
    except RecursionError:
        raise AppError(Kind.INVALID, "the body is nested too deeply") from None
    except UnicodeDecodeError:
        raise AppError(Kind.INVALID, "the body is not UTF-8") from None
    except ValueError as error:
        raise AppError(Kind.INVALID, f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise AppError(Kind.INVALID, "the body must be a JSON object")
    return value


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return made


def _parse(values: dict[str, Any], message: Message, *, prefix: str) -> None:
    try:
        json_format.ParseDict(values, message, max_recursion_depth=20)
    except json_format.ParseError as error:
        raise _refusal(str(error), prefix) from None


def _refusal(words: str, prefix: str) -> AppError:
    unknown = _UNKNOWN.search(words)
    if unknown:
        at = ".".join((unknown[2] or "").split(".")[1:])
        field = ".".join(part for part in (prefix, at, unknown[1][:64]) if part)
        return AppError(
            Kind.INVALID, f"{field}: there is no such field", violations=[Violation(field, "there is no such field")]
        )
    names = [prefix] if prefix else []
    while failed := _FAILED.fullmatch(words):
        names.append(failed[1])
        words = failed[2]
    placed = _PLACED.fullmatch(words)
    field = (placed[2].lstrip(".") if placed else "") or ".".join(names) or "body"
    said = (placed[1] if placed else words).strip(" .")
    said = _A_TIME if _NO_TIME.search(said) else _words_of_an_enum(said)
    detail = said.replace(_NO_STRING, "expected a string,").replace(_NO_NUMBER, "expected a number, got")[:_MAX_WORDS]
    return AppError(Kind.INVALID, f"{field}: {detail}", violations=[Violation(field, detail)])


def _words_of_an_enum(said: str) -> str:
    """Which words there are, in place of the type's name."""
    found = _NO_WORD.fullmatch(said)
    if found is None:
        return said
    values = descriptor_pool.Default().FindEnumTypeByName(found[1]).values
    return f"must be one of {', '.join(value.name for value in values if value.number)}"


def _tree(descriptor: Descriptor, query: Pairs) -> dict[str, Any]:
    """The query as JSON: `a.b=1&c=2&c=3` is {"a": {"b": "1"}, "c": ["2", "3"]}."""
    values: dict[str, Any] = {}
    for name, value in query:
        path, field = _find(descriptor, name)
        if field.is_repeated:
            _put(values, path, [*_get(values, path), value])
        elif _get(values, path):
            raise AppError(Kind.INVALID, f"{name}: given twice", field=name[:64])
        else:
            _put(values, path, _value(field, value, name))
    return values


def _find(descriptor: Descriptor, name: str) -> tuple[list[str], FieldDescriptor]:
    path: list[str] = []
    field: FieldDescriptor | None = None
    at: Descriptor | None = descriptor
    for part in name.split("."):
        fields = {} if at is None else at.fields_by_camelcase_name
        field = fields.get(part) or (at.fields_by_name.get(part) if at else None)
        if field is None:
            shown = name[:64]
            raise AppError(Kind.INVALID, f"{shown}: there is no such parameter", field=shown)
        path.append(field.json_name)
        at = field.message_type
    if field is None:
        raise AppError(Kind.INVALID, "a parameter has no name")
    return path, field


def _value(field: FieldDescriptor, value: str, name: str) -> Any:
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        if value not in {"true", "false", "1", "0"}:
            raise AppError(Kind.INVALID, f"{name}: must be true or false", field=name)
        return value in {"true", "1"}
    return value


def _json_path(descriptor: Descriptor, field: str) -> list[str]:
    return _find(descriptor, field)[0]


def _put(values: dict[str, Any], path: list[str], value: Any) -> None:
    *heads, last = path
    for head in heads:
        values = values.setdefault(head, {})
    values[last] = value


def _get(values: dict[str, Any], path: list[str]) -> Any:
    found: Any = values
    for part in path:
        found = found.get(part, []) if isinstance(found, dict) else []
    return found
