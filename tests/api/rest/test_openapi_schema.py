"""Messages as JSON Schema."""

from headwater.v1 import livestreams_pb2, statistics_pb2
from services.api.rest.comments import load_comments
from services.api.rest.openapi_schema import Schemas

SCHEMAS = Schemas(load_comments())
SCHEMAS.of_message(livestreams_pb2.Livestream.DESCRIPTOR)
LIVESTREAM = SCHEMAS.found["Livestream"]["properties"]


def test_limits_of_the_protos_are_in_the_schema() -> None:
    """What protovalidate refuses, the reference says beforehand."""
    request = statistics_pb2.ListSamplesRequest.DESCRIPTOR
    fields = {field.name: SCHEMAS.of_field(field) for field in request.fields}

    assert LIVESTREAM["name"]["maxLength"] == 256
    assert LIVESTREAM["metadata"]["maxProperties"] == 64
    assert (fields["page_size"]["minimum"], fields["page_size"]["maximum"]) == (0, 1000)
    assert fields["instance"]["enum"] == ["primary", "secondary"]


def test_comments_of_the_protos_are_the_descriptions() -> None:
    """Those of messages, fields and values of enums."""
    assert SCHEMAS.found["Livestream"]["description"].startswith("The lasting object a customer creates.")
    assert LIVESTREAM["name"]["description"] == "For people; need not be unique."
    assert "`RECONNECTING`" in LIVESTREAM["state"]["description"] or "Where" in LIVESTREAM["state"]["description"]


def test_types_are_those_of_protojson() -> None:
    """Times and durations as strings, lists and maps, and what only the server sets."""
    assert LIVESTREAM["createTime"]["format"] == "date-time"
    assert LIVESTREAM["reconnectWindow"]["examples"] == ["120s"]
    assert LIVESTREAM["inputs"]["items"] == {"$ref": "#/components/schemas/Input"}
    assert LIVESTREAM["metadata"]["additionalProperties"] == {"type": "string"}
    assert LIVESTREAM["state"]["readOnly"] is True
    assert "readOnly" not in LIVESTREAM["name"]
