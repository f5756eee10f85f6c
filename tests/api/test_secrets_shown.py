"""Who reads sees no secret: every question of /v1, gRPC and the dialects, asked of a tenant that has all there is."""

import json
import re
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from services.api.rest.binding import bind
from services.api.rest.routes import Route, Routes
from services.api.servicer import service_descriptors
from tests.api.belongings import Belongings, give
from tests.api.dialects import routes as dialects
from tests.api.requests import path_of
from tests.api.rights import READ, RIGHTS
from tests.api.running import ApiServer, Others, Rest

pytestmark = pytest.mark.connected

QUESTIONS = [
    route
    for route in Routes(service_descriptors())
    if RIGHTS[route.descriptor.containing_service.name][route.descriptor.name] == READ
]
SECRET = re.compile(r"key$|secret|passphrase", re.IGNORECASE)
SECRET_URL = re.compile(r"/webRTC/")
PLANTED = "sim-key-secret"


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


@pytest.fixture(scope="module")
def ours(api: ApiServer, nats: Any) -> Belongings:
    return give(api, Others(nats.url), "default", output_key=PLANTED)


@pytest.fixture
def known(rest: Rest, ours: Belongings) -> set[str]:
    """All secrets of ours, as whoever may write sees them."""
    livestream = rest.call("GET", f"/v1/livestreams/{ours.livestream}")
    webhooks = rest.call("GET", "/v1/webhooks")
    found = {*secrets(livestream), *secrets(webhooks)}
    assert PLANTED in found
    assert len(found) >= 12
    return found


@pytest.fixture(scope="module")
def reading(api: ApiServer) -> str:
    with api.client() as admin:
        return str(admin.call("POST", "/v1/tokens", {"scope": "READ"})["secret"])


def native(client: Rest, ours: Belongings) -> dict[str, str]:
    return {f"{each.verb} {each.template.text}": client.get(path(each, ours)).text for each in QUESTIONS}


def path(route: Route, ours: Belongings) -> str:
    """A question about something that is there."""
    kinds = {"webhooks": ours.webhook, "apps": ours.app}
    found = path_of(route, kinds.get(route.template.text.split("/")[2], ours.livestream))
    return found.replace(f"/outputs/{ours.livestream}", f"/outputs/{ours.output}")


def spoken(client: Rest, ours: Belongings) -> dict[str, str]:
    questions = [route for route in dialects.ROUTES if route.endpoint.verb == "GET"]
    return {each.name: dialects.send(client, each, "default", dialects.ids_of(each, ours)).text for each in questions}


def over_grpc(channel: grpc.Channel, ours: Belongings, token: str) -> dict[str, str]:
    """The answers as they come over the wire, in which text stands as it is."""
    found = {}
    for route in QUESTIONS:
        variables = route.template.match(path(route, ours))
        assert variables is not None
        message = bind(route, variables, [], b"")
        try:
            found[route.method] = asked(channel, route.method, message, token).decode("latin-1")
        except grpc.RpcError as error:
            found[route.method] = str(error)
    return found


def asked(channel: grpc.Channel, method: str, message: Message, token: str) -> bytes:
    call: Any = channel.unary_unary(method, lambda content: content.SerializeToString())
    answer: bytes = call(message, metadata=(("authorization", f"Bearer {token}"),), timeout=10)
    return answer


def shown(answers: dict[str, str], known: set[str]) -> dict[str, list[str]]:
    """Which answers have which of them."""
    found = {name: [each for each in known if each in text] for name, text in answers.items()}
    return {name: each for name, each in found.items() if each}


def test_reader_is_shown_no_secret_of_anything(api: ApiServer, ours: Belongings, known: set[str], reading: str) -> None:
    """Neither stream keys, passphrases and publish URLs nor the keys of outputs and webhooks, wherever it asks."""
    with api.client(token=reading) as reader, grpc.insecure_channel(f"127.0.0.1:{api.grpc_port}") as channel:
        answers = native(reader, ours) | spoken(reader, ours) | over_grpc(channel, ours, reading)

    assert shown(answers, known) == {}
    has_it = [name for name, text in answers.items() if ours.livestream in text.replace("-", "")]
    assert len(has_it) > 25


def test_writer_is_shown_them_where_they_belong(api: ApiServer, rest: Rest, ours: Belongings, known: set[str]) -> None:
    """So the reader's answers were looked at for what would be there: in each dialect, and over the wire."""
    with grpc.insecure_channel(f"127.0.0.1:{api.grpc_port}") as channel:
        answers = native(rest, ours) | spoken(rest, ours) | over_grpc(channel, ours, api.token)
    found = shown(answers, known)

    assert {each for words in found.values() for each in words} == known
    for base in {route.base for route in dialects.ROUTES}:
        assert any(name.startswith(f"GET {base}") for name in found), base
    assert "/headwater.v1.LivestreamService/GetLivestream" in found
    assert "GET /v1/livestreams" in found


def test_reader_of_a_dialect_has_null_in_their_place(
    api: ApiServer, rest: Rest, ours: Belongings, known: set[str], reading: str
) -> None:
    """All else is as a writer is shown it; Streamdiver's URL, which has the key at its end, ends before that."""
    with api.client(token=reading) as reader:
        theirs, writers = spoken(reader, ours), spoken(rest, ours)
    unlike = {name: [*differences(parsed(writers[name]), parsed(theirs[name]))] for name in writers}

    assert sum(len(each) for each in unlike.values()) > 12
    assert {name: each for name, each in unlike.items() if not all(is_left_out(*pair, known) for pair in each)} == {}


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def differences(one: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """The leaves that differ, without the requests' own ids."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one.keys() - {"request_id"}:
            yield from differences(one[name], other[name])
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for left, right in zip(one, other, strict=True):
            yield from differences(left, right)
    elif one != other:
        yield one, other


def is_left_out(one: Any, other: Any, known: set[str]) -> bool:
    return other is None or (one.startswith(f"{other}/") and one.removeprefix(f"{other}/") in known)
