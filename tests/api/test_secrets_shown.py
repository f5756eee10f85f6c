"""Who reads sees no secret: every question of the API, asked of a livestream that has all there is; on a real api."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from headwater.internal.v1.records_pb2 import MediaRecord
from services.api.rest.routes import Route, Routes
from services.api.servicer import service_descriptors
from tests.api.requests import send
from tests.api.rights import READ, RIGHTS
from tests.api.running import ApiServer, Others, Rest, until

pytestmark = pytest.mark.connected

QUESTIONS = [
    route
    for route in Routes(service_descriptors())
    if RIGHTS[route.descriptor.containing_service.name][route.descriptor.name] == READ
]
SECRET = re.compile(r"key$|secret|passphrase", re.IGNORECASE)
SECRET_URL = re.compile(r"/webRTC/")
TARGET = "rtmp://1.1.1.1/live"


def secrets(value: Any, name: str = "") -> Iterator[str]:
    """Every text under a name that says it is one, and every URL that has one in it, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from secrets(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from secrets(inner, name)
    elif isinstance(value, str) and value and (SECRET.search(name) or SECRET_URL.search(value)):
        yield value


def test_reader_is_shown_no_secret_of_anything(rest: Rest, api: ApiServer, others: Others) -> None:
    """Neither stream keys nor passphrases, publish URLs or the keys of outputs, wherever it asks."""
    made = rest.call("POST", "/v1/livestreams", {"name": "all"})
    output = rest.post(
        f"/v1/livestreams/{made['id']}/outputs",
        json={"type": "SIMULCAST", "url": TARGET, "streamKey": "sim-key-secret"},
    )
    assert output.status_code == 200, output.text
    media = MediaRecord(id=made["id"], livestream_id=made["id"], broadcast_id=made["id"], create_time_us=1)
    others.put("media", made["id"], media)
    until(lambda: rest.get(f"/v1/media/{made['id']}").status_code, lambda status: status == 200)
    known = {*secrets(rest.call("GET", f"/v1/livestreams/{made['id']}")), "sim-key-secret"}
    reading = rest.call("POST", "/v1/tokens", {"scope": "READ"})["secret"]

    with api.client(token=reading) as reader:
        answers = {name(route): send(reader, route, made["id"]).text for route in QUESTIONS}

    assert len(known) >= 10
    assert [(asked, each) for asked, text in answers.items() for each in known if each in text] == []
    assert made["id"] in answers["GET /v1/livestreams/{id}"]


def name(route: Route) -> str:
    return f"{route.verb} {route.template.text}"
