"""A dialect's reference as OpenAPI 3.1, made from the same table as its routes. Pure."""

import re
from typing import Any

from pydantic import BaseModel

from services.api.dialects.endpoint import Dialect, Endpoint
from services.api.rest.openapi import key_header

Json = dict[str, Any]

_REFUSALS = {
    "400": "The request is wrong.",
    "401": "No credential, or one that is not known.",
    "403": "The credential is not good for this.",
    "404": "There is no such thing.",
    "405": "Another verb is meant.",
    "408": "The body did not come in time.",
    "409": "It is in the wrong state, was changed meanwhile, or the first with this `Idempotency-Key` is not answered.",
    "413": "The body is too large.",
    "422": "The `Idempotency-Key` was used for another request.",
    "429": "Too many; `Retry-After` says when.",
    "503": "A part is away; the same request may succeed later.",
}
_WORDS = """The same livestreams as in the native API, in this product's words.

The cloud or account of a path is Headwater's tenant; the first one is `default`, as is the first app."""
_VARIABLE = re.compile(r"\{(\w+)\}")


def reference_document(dialect: Dialect) -> Json:
    """The whole document."""
    schemas: Json = {}
    paths: Json = {}
    for endpoint in dialect.endpoints:
        path = (dialect.bases[0] + endpoint.path).rstrip("/")
        operation = _operation(endpoint, path, schemas)
        operation["responses"] = _responses(endpoint, dialect.refusal, schemas)
        paths.setdefault(path, {})[endpoint.verb.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Headwater: {dialect.title}", "version": "v1", "description": _WORDS},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"basic": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
            "schemas": schemas,
        },
    }


def _operation(endpoint: Endpoint, path: str, schemas: Json) -> Json:
    operation: Json = {
        "operationId": f"{endpoint.verb.lower()}{re.sub(r'[^A-Za-z0-9]+', '_', endpoint.path) or '_root'}",
        "summary": endpoint.summary,
        "parameters": [*_path_parameters(path), *_query_parameters(endpoint, schemas)],
    }
    if endpoint.verb != "GET" and endpoint.absent is None:
        operation["parameters"].append(key_header())
    if endpoint.absent is not None:
        operation["description"] = endpoint.absent.value + "."
    if endpoint.is_public:
        operation["security"] = []
    if endpoint.body is not None:
        content = {"application/json": {"schema": _schema(endpoint.body, schemas)}}
        operation["requestBody"] = {"required": False, "content": content}
    elif endpoint.takes_raw:
        operation["requestBody"] = {"required": True, "content": {"*/*": {"schema": {}}}}
    return operation


def _path_parameters(path: str) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _VARIABLE.findall(path)
    ]


def _query_parameters(endpoint: Endpoint, schemas: Json) -> list[Json]:
    if endpoint.query is None:
        return []
    schema = endpoint.query.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schema.pop("$defs", {})
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": of}
        for name, of in schema["properties"].items()
    ]


def _responses(endpoint: Endpoint, refusal: type[BaseModel], schemas: Json) -> Json:
    """An absent endpoint has refusals only."""
    missing = endpoint.absent.value + "." if endpoint.absent is not None else endpoint.lacks
    told = {**_REFUSALS, "501": missing} if missing else _REFUSALS
    content = {"application/json": {"schema": _schema(refusal, schemas)}}
    refusals = {code: {"description": words, "content": content} for code, words in told.items()}
    if endpoint.absent is not None:
        return refusals
    done: Json = {"description": "Done."}
    if endpoint.answer is not None:
        done["content"] = {"application/json": {"schema": _schema(endpoint.answer, schemas)}}
    elif endpoint.bare:
        done["content"] = {endpoint.bare: {"schema": {}}}
    return {str(endpoint.status): done, **refusals}


def _schema(model: type[BaseModel], schemas: Json) -> Json:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}", by_alias=True)
    schemas |= schema.pop("$defs", {})
    schemas[model.__name__] = schema
    return {"$ref": f"#/components/schemas/{model.__name__}"}
