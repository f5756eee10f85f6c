"""Where one JSON document is of another shape than a sample of it: keys, types, and how words are written."""

import re
from typing import Any
from urllib.parse import urlsplit

_WRITTEN = {
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
    "uuid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "id": r"[0-9a-f]{32}",
}
_OPAQUE = re.compile(r"[A-Za-z0-9-]{16,}")
_KINDS = {bool: "bool", int: "number", float: "number", list: "list", dict: "object", type(None): "null"}


def kind(value: Any) -> str:
    """Its type; of a word also what it is: a time, an id, or a URL with its scheme and path, without names and ids."""
    if not isinstance(value, str):
        return _KINDS[type(value)]
    for name, pattern in _WRITTEN.items():
        if re.fullmatch(pattern, value):
            return name
    if "://" in value:
        url = urlsplit(value)
        return f"{url.scheme}:{_OPAQUE.sub('*', url.path)}"
    return "word"


def differences(sample: Any, found: Any, at: str = "") -> dict[str, str]:
    """What is missing, added or otherwise than in the sample, by its path; each entry of a list against the first."""
    if isinstance(sample, dict) and isinstance(found, dict):
        return _of_objects(sample, found, at)
    if isinstance(sample, list) and isinstance(found, list):
        return _of_lists(sample, found, at)
    if kind(sample) != kind(found):
        return {at: f"{kind(sample)} is {kind(found)}"}
    return {}


def _of_objects(sample: dict[str, Any], found: dict[str, Any], at: str) -> dict[str, str]:
    seen: dict[str, str] = {}
    for name in [*sample, *(name for name in found if name not in sample)]:
        path = f"{at}.{name}".lstrip(".")
        if name not in found:
            seen[path] = "missing"
        elif name not in sample:
            seen[path] = "added"
        else:
            seen |= differences(sample[name], found[name], path)
    return seen


def _of_lists(sample: list[Any], found: list[Any], at: str) -> dict[str, str]:
    if sample and not found:
        return {at: "empty"}
    seen: dict[str, str] = {}
    for each in found if sample else []:
        seen |= differences(sample[0], each, f"{at}[]")
    return seen
