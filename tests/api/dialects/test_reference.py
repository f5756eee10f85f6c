"""The references of the dialects, held against the specification and against their tables."""

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, Field

from services.api.dialects.endpoint import Absent, Answer, Dialect, Endpoint, Exchange
from services.api.dialects.reference import reference_document
from services.api.dialects.spoken import DIALECTS
from services.api.rest.problem import Problem

SHOWN = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(verb, path, told) for path, verbs in document["paths"].items() for verb, told in verbs.items()]


@SHOWN
def test_document_is_valid_openapi(dialect: Dialect) -> None:
    """By a validator that is not ours."""
    OpenAPIV31SpecValidator(reference_document(dialect)).validate()


@SHOWN
def test_every_endpoint_is_told_once(dialect: Dialect) -> None:
    """Each under its verb, with a name of its own and the variables of its path."""
    told = operations(reference_document(dialect))

    assert len(told) == len(dialect.endpoints)
    assert len({operation["operationId"] for _, _, operation in told}) == len(told)
    for _, path, operation in told:
        named = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
        assert named == re.findall(r"\{(\w+)\}", path)


@SHOWN
def test_what_is_served_and_changes_something_takes_an_idempotency_key(dialect: Dialect) -> None:
    """And nothing else does."""
    for verb, path, told in operations(reference_document(dialect)):
        named = [one["name"] for one in told["parameters"] if one["in"] == "header"]
        is_order = verb != "get" and any(code.startswith("2") for code in told["responses"])
        assert (path, named) == (path, ["Idempotency-Key"] if is_order else [])


@SHOWN
def test_models_of_one_dialect_have_names_of_their_own(dialect: Dialect) -> None:
    """The reference knows them by name only."""
    models = {
        model
        for endpoint in dialect.endpoints
        for model in (endpoint.body, endpoint.answer, dialect.refusal)
        if model is not None
    }
    assert len({model.__name__ for model in models}) == len(models)


class Body(BaseModel):
    name: str = Field(max_length=5)


class Inner(BaseModel):
    id: str


class Shown(BaseModel):
    inner: Inner


class Query(BaseModel):
    page: int = 1
    kind: str


class Refused(BaseModel):
    error: str


async def _nothing(_exchange: Exchange) -> Answer:
    return Answer(None)


def _refuse(problem: Problem, _request_id: str) -> Answer:
    return Answer({"error": problem.detail}, problem.status)


def document_of(*endpoints: Endpoint) -> dict[str, Any]:
    bases = ("/other/{account}", "/{account}/other")
    dialect = Dialect("other", "Other", bases, "account", endpoints, _refuse, Refused)
    return reference_document(dialect)


def test_first_base_is_shown_and_an_empty_path_is_the_base() -> None:
    """Without a slash at the end."""
    document = document_of(Endpoint("GET", "", "List", _nothing), Endpoint("GET", "/a/{id}", "Get", _nothing))

    assert list(document["paths"]) == ["/other/{account}", "/other/{account}/a/{id}"]


def test_models_are_schemas_that_are_referred_to() -> None:
    """Body, answer and refusal, with what they are made of."""
    document = document_of(Endpoint("POST", "/a", "Make", _nothing, body=Body, answer=Shown, status=201))
    operation = document["paths"]["/other/{account}/a"]["post"]

    def schema(holder: dict[str, Any]) -> str:
        return str(holder["content"]["application/json"]["schema"]["$ref"]).rpartition("/")[2]

    responses = operation["responses"]
    told = [schema(operation["requestBody"]), schema(responses["201"]), schema(responses["404"])]
    assert told == ["Body", "Shown", "Refused"]
    assert set(document["components"]["schemas"]) == {"Body", "Shown", "Inner", "Refused"}


def test_query_is_told_name_by_name() -> None:
    """With what must be there."""
    operation = document_of(Endpoint("GET", "/a", "List", _nothing, query=Query))["paths"]["/other/{account}/a"]["get"]

    found = {one["name"]: one["required"] for one in operation["parameters"] if one["in"] == "query"}
    assert found == {"page": False, "kind": True}


@pytest.mark.parametrize("why", list(Absent))
def test_absent_endpoint_has_no_success(why: Absent) -> None:
    """Its 501 says what the answer will say."""
    operation = document_of(Endpoint("GET", "/a", "Get", absent=why))["paths"]["/other/{account}/a"]["get"]

    assert "200" not in operation["responses"]
    assert operation["responses"]["501"]["description"] == operation["description"] == f"{why.value}."


def test_endpoint_that_lacks_something_says_so_beside_its_success() -> None:
    """Whoever asks for that gets 501."""
    found = document_of(Endpoint("GET", "/a", "Get", lacks="Not at night."))["paths"]["/other/{account}/a"]["get"]

    assert "200" in found["responses"]
    assert found["responses"]["501"]["description"] == "Not at night."


def test_bytes_in_and_out_are_told_by_their_type() -> None:
    """They have no model."""
    endpoint = Endpoint("PUT", "/a", "Set", _nothing, takes_raw=True, bare="text/vtt")
    operation = document_of(endpoint)["paths"]["/other/{account}/a"]["put"]

    assert list(operation["requestBody"]["content"]) == ["*/*"]
    assert list(operation["responses"]["200"]["content"]) == ["text/vtt"]


def test_public_endpoint_asks_for_no_credential() -> None:
    """The others ask for what the document names."""
    document = document_of(
        Endpoint("GET", "/a", "Get", _nothing, is_public=True), Endpoint("GET", "/b", "Get", _nothing)
    )
    security = {path: operation.get("security") for _, path, operation in operations(document)}

    assert security == {"/other/{account}/a": [], "/other/{account}/b": None}
    assert document["security"]
