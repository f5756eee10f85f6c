"""The reference, held against the specification and against the routes."""

import re

from openapi_spec_validator import OpenAPIV31SpecValidator

from services.api.rest.comments import load_comments
from services.api.rest.openapi import openapi_document
from services.api.rest.routes import Routes
from services.api.servicer import service_descriptors

ROUTES = Routes(service_descriptors())
DOCUMENT = openapi_document(ROUTES, load_comments())


def test_document_is_valid_openapi() -> None:
    """By a validator that is not ours."""
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert DOCUMENT["openapi"] == "3.1.0"


def test_every_route_is_in_the_reference() -> None:
    """Each method of each service, under its verb."""
    told = {operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()}
    offered = {
        f"{route.descriptor.containing_service.name.removesuffix('Service')}_{route.descriptor.name}"
        for route in ROUTES
    }

    assert {"_".join(name.split("_")[:2]) for name in told} == offered
    assert len(told) == len(list(ROUTES))


def test_path_parameters_are_those_of_the_path() -> None:
    """No variable without its parameter."""
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values():
            named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))


def test_version_can_be_named_where_something_is_changed() -> None:
    """If-Match is offered where the message has an etag, and only there."""
    headers = {
        operation["operationId"]: [one["name"] for one in operation["parameters"] if one["in"] == "header"]
        for path in DOCUMENT["paths"].values()
        for operation in path.values()
    }

    both = ["If-Match", "Idempotency-Key"]
    assert headers["Livestream_UpdateLivestream"] == headers["Livestream_DeleteLivestream"] == both
    assert headers["Token_DeleteToken"] == ["Idempotency-Key"]
    assert headers["Livestream_GetLivestream"] == []


def test_every_way_to_sign_in_is_in_the_reference() -> None:
    """Each requirement names schemes that are there, and each scheme is in one."""
    schemes = DOCUMENT["components"]["securitySchemes"]
    named = [name for requirement in DOCUMENT["security"] for name in requirement]

    assert sorted(named) == sorted(schemes)
    assert {each["type"] for each in schemes.values()} == {"http", "apiKey", "oauth2"}


def test_picture_is_bytes_in_the_reference() -> None:
    """Both ways; its message is nowhere."""
    path = DOCUMENT["paths"]["/v1/livestreams/{livestreamId}/thumbnail"]
    sent, shown = path["put"]["requestBody"]["content"], path["get"]["responses"]["200"]["content"]

    assert sent["*/*"]["schema"] == shown["*/*"]["schema"] == {"type": "string", "format": "binary"}
    assert "HttpBody" not in DOCUMENT["components"]["schemas"]
