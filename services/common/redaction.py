"""What may never be written down: secrets by their name, credentials inside text, raw bytes. Pure."""

import re
from typing import Any

MASK = "********"

_SECRET_NAME = re.compile(
    r"(stream_?key|token|authorization|secret|passphrase|password|passwd|cookie|api_?key|access_?key|private_?key)",
    re.IGNORECASE,
)
_CREDENTIALS = (
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\bhw_\w{8,}"), MASK),
    (re.compile(r"://[^/@\s:]*:[^/@\s]*@"), f"://{MASK}@"),
)
_MAX_TEXT = 4096
_MAX_DEPTH = 4
_MAX_ITEMS = 50
_INT64 = 1 << 63


def is_secret_name(name: str) -> bool:
    """Whether values that go under this name (a log key, a setting, a header) are secret."""
    return _SECRET_NAME.search(name) is not None


def redact_text(text: str) -> str:
    """`text` without bearer tokens, API tokens and passwords in URLs, cut to 4096 characters."""
    if len(text) > _MAX_TEXT:
        text = f"{text[:_MAX_TEXT]}... ({len(text)} characters)"
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate would break the line
    for pattern, replacement in _CREDENTIALS:
        text = pattern.sub(replacement, text)
    return text


def redact(name: str, value: Any, depth: int = 0) -> Any:
    """`value` as it may be shown under `name`: secrets masked, bytes as their length, containers bounded."""
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else str(value)
    if is_secret_name(name):
        return MASK
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    return _redact_container(name, value, depth)


def _redact_container(name: str, value: Any, depth: int) -> Any:
    if depth >= _MAX_DEPTH:
        return "..."
    if isinstance(value, dict):
        return {str(key): redact(str(key), item, depth + 1) for key, item in list(value.items())[:_MAX_ITEMS]}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(name, item, depth + 1) for item in list(value)[:_MAX_ITEMS]]
    return redact_text(str(value))
