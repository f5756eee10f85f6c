"""The comments of the protos, by full name of what they stand above."""

from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet

import headwater.v1

_SET = "descriptor.binpb"
_MESSAGE, _ENUM, _SERVICE = 4, 5, 6  # field numbers in FileDescriptorProto
_FIELD, _NESTED, _NESTED_ENUM, _VALUE, _METHOD = 2, 3, 4, 2, 2

Place = tuple[int, ...]


class Comments:
    """What was written; empty where nothing was."""

    def __init__(self, files: FileDescriptorSet) -> None:
        self._words: dict[str, str] = {}
        for file in files.file:
            names = dict(_names(file))
            for location in file.source_code_info.location:
                words = location.leading_comments or location.trailing_comments
                name = names.get(tuple(location.path))
                if words and name:
                    self._words[name] = "\n".join(line.strip() for line in words.strip().splitlines())

    def of(self, full_name: str) -> str:
        return self._words.get(full_name, "")


def load_comments() -> Comments:
    """Those of headwater.v1, from the descriptor set that is built beside its messages."""
    folder = Path(next(iter(headwater.v1.__path__)))
    return Comments(FileDescriptorSet.FromString((folder / _SET).read_bytes()))


def _names(file: FileDescriptorProto) -> Iterator[tuple[Place, str]]:
    """Each thing's path in the descriptor, and its full name."""
    for index, message in enumerate(file.message_type):
        yield from _in_message((_MESSAGE, index), f"{file.package}.{message.name}", message)
    for index, enum in enumerate(file.enum_type):
        yield from _in_enum((_ENUM, index), f"{file.package}.{enum.name}", enum)
    for index, service in enumerate(file.service):
        name = f"{file.package}.{service.name}"
        yield (_SERVICE, index), name
        for number, method in enumerate(service.method):
            yield (_SERVICE, index, _METHOD, number), f"{name}.{method.name}"


def _in_message(path: Place, name: str, message: DescriptorProto) -> Iterator[tuple[Place, str]]:
    yield path, name
    for index, field in enumerate(message.field):
        yield (*path, _FIELD, index), f"{name}.{field.name}"
    for index, nested in enumerate(message.nested_type):
        yield from _in_message((*path, _NESTED, index), f"{name}.{nested.name}", nested)
    for index, enum in enumerate(message.enum_type):
        yield from _in_enum((*path, _NESTED_ENUM, index), f"{name}.{enum.name}", enum)


def _in_enum(path: Place, name: str, enum: EnumDescriptorProto) -> Iterator[tuple[Place, str]]:
    yield path, name
    for index, value in enumerate(enum.value):
        yield (*path, _VALUE, index), f"{name}.{value.name}"
