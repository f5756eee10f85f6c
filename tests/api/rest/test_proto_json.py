"""Messages as ProtoJSON: the same as the library writes."""

import random
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.v1 import livestreams_pb2
from headwater.v1.media_pb2 import ListMediaResponse, Media
from services.api.rest.proto_json import outline, to_json
from services.api.servicer import service_descriptors

KINDS = {method.output_type.full_name: method.output_type for each in service_descriptors() for method in each.methods}
ANSWERS = {name: shape for name, shape in KINDS.items() if name != "google.api.HttpBody"}
"""That one is answered as it is."""


def written(message: Message) -> Any:
    return json_format.MessageToDict(message, always_print_fields_with_no_presence=True)


def filled(shape: Descriptor, dice: random.Random, depth: int = 0) -> Message:
    """A message with some of its fields set to anything."""
    made = GetMessageClass(shape)()
    if isinstance(made, Timestamp | Duration):
        made.FromNanoseconds(dice.choice((0, 1, 10**9, dice.randrange(10**18))))
        return made
    for field in shape.fields:
        if dice.random() < 0.7 and depth < 5:
            _fill(made, field, dice, depth)
    return made


def _fill(made: Message, field: FieldDescriptor, dice: random.Random, depth: int) -> None:
    shape = field.message_type
    if shape is not None and shape.GetOptions().map_entry:
        for _ in range(dice.randrange(3)):
            getattr(made, field.name)[f"key {dice.randrange(9)}"] = "é"
    elif field.is_repeated:
        values = [_value(field, dice, depth) for _ in range(dice.randrange(3))]
        getattr(made, field.name).extend(values)
    elif shape is not None:
        getattr(made, field.name).CopyFrom(filled(shape, dice, depth + 1))
    else:
        setattr(made, field.name, _value(field, dice, depth))


def _value(field: FieldDescriptor, dice: random.Random, depth: int) -> Any:
    if field.message_type is not None:
        return filled(field.message_type, dice, depth + 1)
    if field.enum_type is not None:
        return dice.choice((*field.enum_type.values_by_number, 77))
    if field.type == FieldDescriptor.TYPE_BYTES:
        return dice.randbytes(5)
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return dice.choice(("", "a", "😀\n"))
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return dice.random() < 0.5
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return dice.choice((0.0, -0.0, 1.0, 0.1, float("inf"), float("-inf"), float("nan"), 1e300))
    return dice.choice((0, 1, 1 << 30))


@pytest.mark.parametrize("name", ANSWERS)
@settings(max_examples=20)
@given(seed=st.integers(0, 1 << 32))
def test_every_answer_is_written_as_the_library_writes_it(name: str, seed: int) -> None:
    """Set or not, known or not, whatever it holds."""
    message = filled(ANSWERS[name], random.Random(seed))
    assert to_json(message) == written(message)


def test_numbers_beyond_53_bits_and_all_that_is_no_number_are_text() -> None:
    """As ProtoJSON wants it."""
    assert to_json(Media(size_bytes=1 << 62))["sizeBytes"] == str(1 << 62)
    assert to_json(livestreams_pb2.Livestream())["inputs"] == []


def test_outline_leaves_long_lists_to_be_written_later() -> None:
    """And short ones not; together they are the whole."""
    message = ListMediaResponse(media=[Media(id=str(number)) for number in range(4)], total_count=9)
    for longest in (3, 4):
        found, lists = outline(message, longest)
        assert list(lists) == (["media"] if longest == 3 else [])
        assert found | {name: [to_json(each) for each in values] for name, values in lists.items()} == written(message)
