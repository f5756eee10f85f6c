"""Client and AsyncClient against a real api, and against one that falters."""

import datetime as dt
import inspect
import ipaddress
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from headwater import ApiError, AsyncClient, Client, HeadwaterError, UnreachableError
from headwater.address import GrpcAddress, default_grpc_url, grpc_address
from headwater.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    StateError,
    UnauthenticatedError,
)
from headwater.v1 import calls
from headwater.v1.livestreams_pb2 import GetLivestreamRequest, Livestream, Recording
from headwater.v1.tokens_pb2 import Token
from tests.api.running import ApiServer
from tests.headwater.flaky_api import flaky_api
from tests.servers.slow_road import slow_road

pytestmark = pytest.mark.connected

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def url(served: ApiServer) -> str:
    return f"grpc://127.0.0.1:{served.grpc_port}"


@pytest.fixture
def client(served: ApiServer, url: str) -> Iterator[Client]:
    with Client(url, served.token) as opened:
        yield opened


def test_livestream_is_made_read_changed_and_deleted(client: Client) -> None:
    """Fields are arguments, answers are messages, and what is not named stays as it is."""
    window = dt.timedelta(seconds=30)
    made = client.livestreams.create(name="Hall", metadata={"room": "1"}, reconnect_window=window, start="MANUAL")
    assert (made.name, dict(made.metadata), made.reconnect_window.ToTimedelta()) == ("Hall", {"room": "1"}, window)
    assert made.start == Livestream.MANUAL

    changed = client.livestreams.update(made.id, name="Council", recording=Recording(require_signed_urls=True))
    assert (changed.name, dict(changed.metadata), changed.recording.require_signed_urls) == (
        "Council",
        {"room": "1"},
        True,
    )
    cleared = client.livestreams.update(made.id, record=False, clear=["metadata", "reconnect_window"])
    assert (cleared.record, dict(cleared.metadata), cleared.reconnect_window.seconds) == (False, {}, 120)

    assert client.livestreams.get(made.id) == client.livestreams.stub.GetLivestream(GetLivestreamRequest(id=made.id))
    client.livestreams.delete(made.id)
    with pytest.raises(NotFoundError):
        client.livestreams.get(made.id)


def test_list_is_all_pages(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many the server makes of it; what has no pages is a list too."""
    monkeypatch.setattr("headwater.paging._PAGE_SIZE", 2)
    made = [client.livestreams.create(name=f"paged {number}").id for number in range(5)]

    assert [one.id for one in client.livestreams.list(name="paged", order_by="name")] == made
    assert [one.type for one in client.outputs.list(made[0])] == [1, 2]


async def test_what_waits_can_be_awaited(served: ApiServer, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same calls by the same names."""
    monkeypatch.setattr("headwater.paging._PAGE_SIZE", 2)
    async with AsyncClient(url, served.token) as client:
        made = [(await client.livestreams.create(name=f"awaited {number}")).id for number in range(3)]
        found = [one.id async for one in client.livestreams.list(name="awaited", order_by="name")]
        assert found == made
        await client.livestreams.delete(made[0])
        with pytest.raises(NotFoundError):
            await client.livestreams.get(made[0])


def test_both_clients_have_every_call(client: Client) -> None:
    """Name by name and argument by argument."""
    for service in (name for name in vars(client) if not name.startswith("_")):
        waiting = type(getattr(client, service))
        awaited = getattr(calls, f"Async{waiting.__name__}")
        assert _methods(waiting) == _methods(awaited)


def _methods(service: type) -> dict[str, list[str]]:
    methods: dict[str, Any] = {name: value for name, value in vars(service).items() if inspect.isfunction(value)}
    assert len(methods) > 1
    return {name: list(inspect.signature(method).parameters) for name, method in methods.items()}


def test_refusal_is_of_a_class_with_all_that_was_said(client: Client) -> None:
    """Kind, words, the fields at fault in JSON's spelling, and under which id api's log tells of it."""
    with pytest.raises(InvalidError) as caught:
        client.livestreams.create(name="x" * 300, reconnect_window=dt.timedelta(days=1))
    error = caught.value
    assert {one.field for one in error.violations} == {"livestream.name", "livestream.reconnectWindow"}
    assert (error.kind, len(error.request_id), error.detail[:15]) == ("invalid", 32, "livestream.name")

    made = client.livestreams.create(name="x")
    client.livestreams.update(made.id, name="y", etag=made.etag)
    with pytest.raises(ConflictError):
        client.livestreams.update(made.id, name="z", etag=made.etag)
    with pytest.raises(StateError):
        client.livestreams.publish(made.id)


def test_token_decides_what_one_may(client: Client, url: str) -> None:
    """Unknown, and known but with too little scope."""
    token = client.tokens.create(name="reader", scope="READ")
    assert token.scope == Token.READ
    with Client(url, token.secret) as reader, pytest.raises(ForbiddenError):
        reader.livestreams.create(name="x")
    with Client(url, "hw_unknown") as stranger, pytest.raises(UnauthenticatedError):
        next(stranger.livestreams.list())


def test_client_acts_in_a_tenant_and_reads_its_environment(
    client: Client, served: ApiServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HEADWATER_GRPC_URL, HEADWATER_TOKEN and HEADWATER_TENANT stand for arguments."""
    client.tenants.create(id="acme", name="Acme")
    made = client.livestreams.create(name="not acme's")
    for name, value in (("GRPC_URL", url), ("TOKEN", served.token), ("TENANT", "acme")):
        monkeypatch.setenv(f"HEADWATER_{name}", value)
    with Client() as there:
        assert list(there.livestreams.list()) == []
        with pytest.raises(NotFoundError):
            there.livestreams.get(made.id)


def test_bytes_go_up_and_come_back(client: Client) -> None:
    """A body that is no JSON is an argument and an answer like others."""
    made = client.livestreams.create(name="x")
    with pytest.raises(InvalidError):
        client.livestreams.update_thumbnail(made.id, content_type="image/png", data=b"no picture")
    with pytest.raises(ApiError):
        client.livestreams.get_thumbnail(made.id)


def test_what_changes_nothing_is_asked_again() -> None:
    """While somebody says UNAVAILABLE; with the same token, under the same request id."""
    with flaky_api(refusals=2) as api, Client(f"grpc://127.0.0.1:{api.port}", "hw_x") as client:
        assert client.livestreams.get("a").id == "a"
        assert len(api.seen) == 3
        assert {one["authorization"] for one in api.seen} == {"Bearer hw_x"}
        assert len({one["x-request-id"] for one in api.seen}) == 1


async def test_what_changes_something_is_ordered_once() -> None:
    """Nobody knows whether it was carried out."""
    with flaky_api(refusals=1) as api:
        async with AsyncClient(f"grpc://127.0.0.1:{api.port}", "hw_x") as client:
            with pytest.raises(UnreachableError):
                await client.livestreams.idle("a")
            assert len(api.seen) == 1
            assert (await client.livestreams.get("a")).id == "a"


async def test_server_that_is_far_away_is_waited_for() -> None:
    """With TLS it takes several ways there and back before anything can be asked."""
    with flaky_api() as api:
        async with (
            slow_road(api.port, first_byte_s=0.5) as port,
            AsyncClient(f"grpc://127.0.0.1:{port}", "x") as client,
        ):
            await client.livestreams.idle("a")
            assert len(api.seen) == 1


def test_call_ends_at_its_deadline() -> None:
    """With the words that nobody answered in time."""
    with (
        flaky_api(slow_s=20) as api,
        Client(f"grpc://127.0.0.1:{api.port}", "x", deadline_s=0.2) as client,
        pytest.raises(UnreachableError, match="in time"),
    ):
        client.livestreams.get("a")


def test_nobody_there_is_an_error_with_the_address() -> None:
    """At once where the call changes something, for that is not repeated."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    with (
        Client(f"grpc://{address}", "x") as client,
        pytest.raises(UnreachableError, match=f"nobody answers at {address}"),
    ):
        client.livestreams.idle("a")


@pytest.mark.parametrize("url", ["127.0.0.1:50051", "http://127.0.0.1:50051", "grpc://", "grpc://a/b"])
def test_address_that_is_none_is_refused_at_once(url: str) -> None:
    """With how one is written."""
    with pytest.raises(ValueError, match="grpc://host:port"):
        Client(url, "x")


def test_address_of_grpc_follows_that_of_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS where REST has it; with the offset of this machine's system else."""
    monkeypatch.delenv("HEADWATER_GRPC_URL", raising=False)
    monkeypatch.setenv("HEADWATER_PORT_OFFSET", "1000")
    for rest, target, is_secure in (
        ("https://live.example", "live.example:443", True),
        ("http://live.example:9080", "live.example:51051", False),
        ("", "127.0.0.1:51051", False),
    ):
        monkeypatch.setenv("HEADWATER_URL", rest)
        assert grpc_address(default_grpc_url()) == GrpcAddress(target, is_secure)


def test_connection_is_private_by_tls() -> None:
    """The certificate must be known; the plain scheme does not get through."""
    key, chain = _certificate()
    with flaky_api(certificate=(key, chain)) as api:
        with Client(f"grpcs://127.0.0.1:{api.port}", "x", root_certificates=chain) as client:
            assert client.livestreams.get("a").id == "a"
        for url in (f"grpcs://127.0.0.1:{api.port}", f"grpc://127.0.0.1:{api.port}"):
            with Client(url, "x", deadline_s=1) as client, pytest.raises(HeadwaterError):
                client.livestreams.idle("a")


def _certificate() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none), signed.public_bytes(pem)


SCRIPT = """\
import asyncio
from headwater import AsyncClient, Client

with Client("grpc://a:1", "x") as client:
    reveal_type(client.livestreams.create(name="x", start="MANUAL").inputs[0].stream_key)
    reveal_type(next(client.media.list(livestream_id="x")).size_bytes)

async def main() -> None:
    async with AsyncClient() as client:
        reveal_type(await client.tokens.create(name="x", scope="READ"))
        reveal_type([one.id async for one in client.webhooks.list()])

asyncio.run(main())
client.livestreams.create(nme="x")
client.tokens.create(scope="ROOT")
"""


def test_script_is_checked_by_types(tmp_path: Path) -> None:
    """As `mypy --strict` sees it: answers have their types, and a wrong argument is found."""
    (tmp_path / "script.py").write_text(SCRIPT)
    cache = CHECKOUT / ".mypy_cache" / "scripts"  # with other options than the checkout's own
    command = ["-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "script.py"]
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100
    )
    types = [line.split('"')[1] for line in done.stdout.splitlines() if "Revealed type" in line]
    errors = [line for line in done.stdout.splitlines() if "error:" in line]
    assert types == ["str", "int", "headwater.v1.tokens_pb2.Token", "list[str]"], done.stdout
    assert ["nme" in errors[0], "scope" in errors[1], len(errors)] == [True, True, 2], errors
