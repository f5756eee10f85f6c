"""An id is 128 bits, written as 32 hex digits or as a UUID with dashes; inside it is in lower case, without dashes."""

import re
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from services.common.rpc_call import Context, Guard

_ID = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_FREE = frozenset({"public_id", "stream_id"})
"""Names that customers or encoders choose: what they write is what they mean."""


class IdGuard(Guard):
    """Lets callers write ids either way; stands before validation, which knows one."""

    async def check(self, method: str, message: Any, context: Context) -> None:
        del method, context
        if isinstance(message, Message):
            without_dashes(message)


def bare_id(text: str) -> str:
    """An id as 32 hex digits; anything else as it is."""
    return text.replace("-", "").lower() if _ID.fullmatch(text) else text


def without_dashes(message: Message) -> None:
    """Rewrite, in place and at every depth, the fields called `id`, `…_id` and `…_ids`."""
    for field, value in message.ListFields():
        if _is_id(field):
            _rewrite(message, field, value)
        elif field.message_type is not None:
            for part in _parts(field, value):
                without_dashes(part)


def _is_id(field: FieldDescriptor) -> bool:
    is_text = field.cpp_type == FieldDescriptor.CPPTYPE_STRING
    return is_text and field.name not in _FREE and (field.name == "id" or field.name.endswith(("_id", "_ids")))


def _rewrite(message: Message, field: FieldDescriptor, value: Any) -> None:
    if field.is_repeated:
        value[:] = [bare_id(each) for each in value]
    else:
        setattr(message, field.name, bare_id(value))


def _parts(field: FieldDescriptor, value: Any) -> list[Message]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return [each for each in value.values() if isinstance(each, Message)]
    return list(value) if field.is_repeated else [value]
