"""Messages as JSON Schema, with protovalidate's limits and the protos' comments. Pure."""

from collections.abc import Collection
from typing import Any, cast

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from buf.validate import validate_pb2
from services.api.rest.comments import Comments

Json = dict[str, Any]

_WELL_KNOWN: dict[str, Json] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?\d+(\.\d+)?s$", "examples": ["120s"]},
    "google.protobuf.FieldMask": {"type": "string", "examples": ["name,metadata"]},
    "google.protobuf.Empty": {"type": "object"},
}
_F = FieldDescriptor
_SCALARS: dict[int, Json] = {
    _F.CPPTYPE_STRING: {"type": "string"},
    _F.CPPTYPE_BOOL: {"type": "boolean"},
    _F.CPPTYPE_DOUBLE: {"type": "number"},
    _F.CPPTYPE_FLOAT: {"type": "number"},
    _F.CPPTYPE_INT32: {"type": "integer", "format": "int32"},
    _F.CPPTYPE_UINT32: {"type": "integer", "format": "int32", "minimum": 0},
    _F.CPPTYPE_INT64: {"type": "string", "format": "int64", "pattern": r"^-?\d{1,19}$"},
    _F.CPPTYPE_UINT64: {"type": "string", "format": "int64", "pattern": r"^\d{1,20}$"},
}


class Schemas:
    """Collects the messages that are referred to; `found` is components/schemas."""

    def __init__(self, comments: Comments) -> None:
        self._comments = comments
        self.found: dict[str, Json] = {}

    def of_message(self, message: Descriptor, without: Collection[str] = ()) -> Json:
        """A reference, or the schema itself for a well-known type and where fields are left out."""
        if message.full_name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[message.full_name])
        if without:
            return self._object(message, without)
        name = _name(message)
        if name not in self.found:
            self.found[name] = {}
            self.found[name] |= self._object(message, ())
        return {"$ref": f"#/components/schemas/{name}"}

    def of_field(self, field: FieldDescriptor, *, deep: bool = True) -> Json:
        """One field. `deep`: its message may be referred to."""
        schema = self._map(field) if _is_map(field) else self._value(field)
        if field.is_repeated and not _is_map(field):
            schema = {"type": "array", "items": schema}
        if not deep and "$ref" in schema:
            schema = {"type": "string"}
        schema |= _limits(field)
        behaviours = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        if field_behavior_pb2.OUTPUT_ONLY in behaviours:
            schema["readOnly"] = True
        words = self._comments.of(field.full_name)
        return schema | ({"description": words} if words else {})

    def _object(self, message: Descriptor, without: Collection[str]) -> Json:
        properties = {field.json_name: self.of_field(field) for field in message.fields if field.name not in without}
        words = self._comments.of(message.full_name)
        return {"type": "object", **({"description": words} if words else {}), "properties": properties}

    def _map(self, field: FieldDescriptor) -> Json:
        entry = cast("Descriptor", field.message_type)
        return {"type": "object", "additionalProperties": self._value(entry.fields_by_name["value"])}

    def _value(self, field: FieldDescriptor) -> Json:
        if field.message_type is not None:
            return self.of_message(field.message_type)
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        return dict(_SCALARS[field.cpp_type])

    def _enum(self, enum: EnumDescriptor) -> Json:
        said = [(value.name, self._comments.of(f"{enum.full_name}.{value.name}")) for value in enum.values]
        words = "\n".join(f"- `{name}`: {words}" for name, words in said if words)
        return {"type": "string", "enum": [name for name, _ in said], **({"description": words} if words else {})}


def _name(message: Descriptor) -> str:
    """`headwater.v1.Broadcast.Event` is `Broadcast.Event`."""
    return str(message.full_name).removeprefix(f"{message.file.package}.")


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def _limits(field: FieldDescriptor) -> Json:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    kind = rules.WhichOneof("type")
    if kind == "string":
        return _text_limits(rules.string)
    if kind == "int32":
        return {"minimum": rules.int32.gte, "maximum": rules.int32.lte}
    return {"maxProperties": rules.map.max_pairs} if kind == "map" else {}


def _text_limits(rules: validate_pb2.StringRules) -> Json:
    given = {field.name: value for field, value in rules.ListFields()}
    known = {"max_len": "maxLength", "min_len": "minLength", "pattern": "pattern"}
    limits: Json = {known[rule]: value for rule, value in given.items() if rule in known}
    return limits | ({"enum": list(given["in"])} if "in" in given else {})
