"""Requests made up from a reference, and what the answers to them are held against."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok

load_all_checks()
_CHECKS: Any = CHECKS.get_by_names(
    [
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
"""No 5xx is documented but 501 where something is not served, and 503: any other is an undocumented one."""
_VARIABLE = re.compile(r"([\w.-]+)/\{(\w+)\}")


def operations(document: dict[str, Any]) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    """What deletes comes last, so that the others find what they are sent to."""
    schema = schemathesis.openapi.from_dict(document)
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(found) == sum(len(verbs) for verbs in document["paths"].values())
    return iter(sorted(found, key=lambda operation: operation.method.upper() == "DELETE"))


def path_parameters(path: str, known: Mapping[str, str]) -> dict[str, str]:
    """Each variable by its name, or by the collection that it stands behind, or else some id that nothing has."""
    return {name: known.get(name) or known.get(collection) or "0" * 32 for collection, name in _VARIABLE.findall(path)}


def faults(
    operation: APIOperation[Any, Any, Any, Any],
    session: requests.Session,
    url: str,
    known: Mapping[str, str],
    examples: int,
) -> list[str]:
    """What is wrong with the answers to requests as the reference has them, and as it has them not."""
    wrong: dict[tuple[int, str], str] = {}
    pinned = path_parameters(operation.path, known)
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @seeded(1)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(mode, path_parameters=pinned))
        def send(case: Case[Any]) -> None:
            response = case.call(base_url=url, session=session, timeout=20)
            try:
                case.validate_response(response, checks=_CHECKS)
            except FailureGroup as failed:
                said = "; ".join(str(each) for each in failed.exceptions)
                sent = case.as_curl_command()[:400]
                wrong.setdefault(
                    (response.status_code, said[:80]), f"{operation.label}: {said}: {response.text[:200]}: {sent}"
                )

        send()
    return list(wrong.values())
