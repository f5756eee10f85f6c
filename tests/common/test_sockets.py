import errno
import json
import os
import socket
from collections.abc import Iterator

import pytest

from services.common.errors import AppError, Kind
from services.common.sockets import VARIABLE, listening_socket


@pytest.fixture
def held() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_own_socket_listens_without_blocking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a supervisor the program binds for itself, and connections wait in its backlog."""
    monkeypatch.delenv(VARIABLE, raising=False)
    with listening_socket("rtmp", "127.0.0.1", 0) as listener:
        assert not listener.getblocking()
        with socket.create_connection(listener.getsockname(), timeout=5):
            accepted, _ = listener.accept()
            accepted.close()


def test_socket_handed_down_is_taken(monkeypatch: pytest.MonkeyPatch, held: socket.socket) -> None:
    """The supervisor's socket is used whatever port was asked for, and is not passed on to children."""
    descriptor = os.dup(held.fileno())
    os.set_inheritable(descriptor, True)
    monkeypatch.setenv(VARIABLE, json.dumps({"rtmp": descriptor, "origin": 999}))
    with listening_socket("rtmp", "127.0.0.1", 1) as listener:
        assert listener.getsockname() == held.getsockname()
        assert not listener.getblocking()
        assert not listener.get_inheritable()


def test_name_that_was_not_handed_down_is_bound(monkeypatch: pytest.MonkeyPatch, held: socket.socket) -> None:
    """A table that lacks the name leaves the program to bind."""
    monkeypatch.setenv(VARIABLE, json.dumps({"origin": held.fileno()}))
    with listening_socket("rtmp", "127.0.0.1", 0) as listener:
        assert listener.getsockname() != held.getsockname()


@pytest.mark.parametrize("table", ["{", "[]", '{"rtmp": "x"}', '{"rtmp": 9999}', '{"rtmp": -1}'])
def test_nonsense_handed_down_is_refused(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken table is an error of whoever wrote it, told with the variable's name."""
    monkeypatch.setenv(VARIABLE, table)
    with pytest.raises(AppError, match=VARIABLE) as refused:
        listening_socket("rtmp", "127.0.0.1", 0)

    assert refused.value.kind is Kind.INVALID


def test_socket_that_does_not_listen_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A descriptor that is a socket but no listener is refused and left open."""
    with socket.socket() as plain:
        monkeypatch.setenv(VARIABLE, json.dumps({"rtmp": plain.fileno()}))
        with pytest.raises(AppError, match="does not listen"):
            listening_socket("rtmp", "127.0.0.1", 0)
        assert os.fstat(plain.fileno())


def test_taken_port_is_told_with_port_and_setting(monkeypatch: pytest.MonkeyPatch, held: socket.socket) -> None:
    """The error names the port and the setting that moves it."""
    monkeypatch.delenv(VARIABLE, raising=False)
    port = held.getsockname()[1]
    with pytest.raises(AppError) as refused:
        listening_socket("rtmp", "127.0.0.1", port, setting="HEADWATER_RTMP_PORT")

    assert refused.value.detail == (
        f"port {port} for rtmp is taken by another process; set HEADWATER_RTMP_PORT to move it"
    )


def test_foreign_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that this machine does not have is told as such."""
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(AppError, match="HEADWATER_BIND") as refused:
        listening_socket("rtmp", "192.0.2.1", 0)

    assert isinstance(refused.value.__cause__, OSError)
    assert refused.value.__cause__.errno == errno.EADDRNOTAVAIL
