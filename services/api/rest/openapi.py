"""The reference of REST as OpenAPI 3.1, made from the same descriptors and rules as the routes themselves. Pure."""

import re
from typing import Any, cast

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from services.api.rest.comments import Comments
from services.api.rest.openapi_schema import Schemas
from services.api.rest.openapi_security import REQUIREMENTS, SCHEMES
from services.api.rest.routes import Route, Routes

Json = dict[str, Any]

_WORDS = """Live streaming on your own machines. The same calls are there over gRPC, as headwater.v1.

A token acts in its own tenant. The installation's admin token acts in the tenant that the header `X-Headwater-Tenant`
names, or in "default"."""

_SUMMARY = 120
_REFUSALS = {
    "400": "The request is wrong; `errors` names the fields.",
    "401": "No token, or one that is not known or has expired.",
    "403": "The token's scope is too narrow, or it is of another tenant than `X-Headwater-Tenant` names.",
    "429": "Too many; `Retry-After` says when.",
    "503": "A part is away; the same request may succeed later.",
}
_FOR_BODIES = {
    "408": "The body did not come in time.",
    "413": "The body is too large.",
    "415": "The body is of another type.",
}
_FOR_ORDERS = {
    "409": "It is there already, or a request with this `Idempotency-Key` is still being answered.",
    "422": "The `Idempotency-Key` was used for another request.",
}
_KEY = "Of your choice: sent again within a day, the request is not carried out again and has the same answer."
_KEY_PATTERN = r"^[ -~]{1,255}$"
_BYTES: Json = {"type": "string", "format": "binary"}
_FOR_ONE = {"404": "There is no such thing."}
_FOR_CHANGES = {
    "409": "It is in the wrong state, or was changed meanwhile.",
    "412": "`If-Match` names another version.",
}


def openapi_document(routes: Routes, comments: Comments) -> Json:
    """The whole document."""
    schemas = Schemas(comments)
    paths: Json = {}
    for route in routes:
        paths.setdefault(_path(route), {})[route.verb.lower()] = _operation(route, schemas, comments)
    services = {route.descriptor.containing_service.full_name: None for route in routes}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Headwater",
            "version": "v1",
            "description": _WORDS,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": REQUIREMENTS,
        "tags": [{"name": _tag(name), "description": comments.of(name)} for name in services],
        "paths": paths,
        "components": {
            "securitySchemes": SCHEMES,
            "schemas": schemas.found | {"Problem": _PROBLEM},
            "responses": {"Problem": _problem("A problem document (RFC 9457).")},
        },
    }


def _operation(route: Route, schemas: Schemas, comments: Comments) -> Json:
    words = comments.of(route.descriptor.full_name) or _words(route.descriptor.name)
    operation: Json = {
        "operationId": _operation_id(route),
        "tags": [_tag(route.descriptor.containing_service.full_name)],
        "summary": words.split(". ")[0].split("\n")[0].rstrip(".")[:_SUMMARY],
        "description": words,
        "parameters": [*_path_parameters(route, schemas), *_query_parameters(route, schemas), *_headers(route)],
        "responses": _responses(route, schemas),
    }
    if route.body:
        operation["requestBody"] = _request_body(route, schemas)
    return operation


def _operation_id(route: Route) -> str:
    """Each is there once: where a method has several paths, the others are told apart by what they begin with."""
    name = f"{_tag(route.descriptor.containing_service.full_name)}_{route.descriptor.name}"
    return f"{name}_{route.template.text.split('/')[2]}" if route.is_additional else name


def _path_parameters(route: Route, schemas: Schemas) -> list[Json]:
    return [
        {
            "name": _name(path),
            "in": "path",
            "required": True,
            "schema": schemas.of_field(_field(route, path), deep=False),
        }
        for path in route.template.fields
    ]


def _query_parameters(route: Route, schemas: Schemas) -> list[Json]:
    if route.body == "*":
        return []
    taken = {*route.template.fields, route.body}
    found = []
    for field in route.descriptor.input_type.fields:
        if field.name not in taken:
            schema = schemas.of_field(field, deep=False)
            description = {"description": schema.pop("description")} if "description" in schema else {}
            found.append({"name": field.json_name, "in": "query", "schema": schema, **description})
    return found


def _headers(route: Route) -> list[Json]:
    found = []
    if route.verb in {"PATCH", "DELETE"} and _has_etag(route):
        found.append(_header("If-Match", "The `ETag` that was read: change only that version."))
    if route.verb != "GET":
        found.append(key_header())
    return found


def key_header() -> Json:
    """The parameter that orders may carry, in every API that we speak."""
    return _header("Idempotency-Key", _KEY, pattern=_KEY_PATTERN)


def _header(name: str, words: str, **limits: str) -> Json:
    return {"name": name, "in": "header", "schema": {"type": "string"} | limits, "description": words}


def _has_etag(route: Route) -> bool:
    return "etag" in (_holder(route) or route.descriptor.input_type).fields_by_name


def _request_body(route: Route, schemas: Schemas) -> Json:
    """JSON may be left out, which is an empty object; a picture may not."""
    if route.takes_raw:
        return {"required": True, "content": {"*/*": {"schema": _BYTES}}}
    return {"required": False, "content": {"application/json": {"schema": _body(route, schemas)}}}


def _body(route: Route, schemas: Schemas) -> Json:
    holder = _holder(route)
    if holder is not None:
        return schemas.of_message(holder)
    return schemas.of_message(route.descriptor.input_type, without=route.template.fields)


def _holder(route: Route) -> Descriptor | None:
    """The message that is the body, where that is one field of the request."""
    if route.body in {"", "*"}:
        return None
    return route.descriptor.input_type.fields_by_name[route.body].message_type


def _responses(route: Route, schemas: Schemas) -> Json:
    refusals = dict(_REFUSALS)
    refusals |= _FOR_BODIES if route.body else {}
    refusals |= _FOR_ORDERS if route.verb != "GET" else {}
    refusals |= _FOR_ONE if route.template.fields else {}
    refusals |= _FOR_CHANGES if route.verb != "GET" and route.template.fields else {}
    done = {"description": "Done.", "content": _answer(route, schemas)}
    return {"200": done, **{code: _problem(words) for code, words in sorted(refusals.items())}}


def _answer(route: Route, schemas: Schemas) -> Json:
    output = route.descriptor.output_type
    if output.full_name == HttpBody.DESCRIPTOR.full_name:
        return {"*/*": {"schema": _BYTES}}
    return {"application/json": {"schema": schemas.of_message(output)}}


def _problem(words: str) -> Json:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}


def _field(route: Route, path: str) -> FieldDescriptor:
    *heads, last = path.split(".")
    message = route.descriptor.input_type
    for head in heads:
        message = cast("Descriptor", message.fields_by_name[head].message_type)
    return message.fields_by_name[last]


def _path(route: Route) -> str:
    return re.sub(r"\{([\w.]+)\}", lambda found: "{" + _name(found[1]) + "}", route.template.text)


def _name(path: str) -> str:
    """`livestream.id` in a path is `id` to whoever reads the reference."""
    head, *rest = path.rpartition(".")[2].split("_")
    return head + "".join(word.capitalize() for word in rest)


def _tag(service: str) -> str:
    return service.rpartition(".")[2].removesuffix("Service")


def _words(method: str) -> str:
    """`ListLivestreams` is "List livestreams"."""
    first, *rest = re.findall(r"[A-Z][a-z]*", method)
    return " ".join([first, *(word.lower() for word in rest)])


_PROBLEM: Json = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
