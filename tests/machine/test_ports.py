"""Ports and who holds them."""

import errno
import os
import socket

import pytest

from services.machine.listeners import ListenError, Listeners, PortTakenError
from services.machine.ports import holder, is_free, next_free, port


def test_offset_moves_every_port() -> None:
    """HEADWATER_PORT_OFFSET is added to the promised port."""
    assert (port("rtmp", 0), port("rtmp", 1000), port("origin", 7)) == (1935, 2935, 8095)


def test_taken_port_is_seen_passed_over_and_its_holder_named() -> None:
    """A port somebody listens on is not free, the next one is, and the holder is named with its pid."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        assert not is_free(number)
        assert next_free(number) > number
        assert f"(pid {os.getpid()})" in holder(number)


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid", "2001:db8::1"])
def test_listening_on_a_foreign_address_is_no_taken_port(host: str) -> None:
    """The message names the address and the setting."""
    with Listeners() as listeners, pytest.raises(ListenError, match=f"{host} cannot be .* HEADWATER_BIND"):
        listeners.open("rtmp", 0, host)


def test_port_that_is_not_ours_to_open_is_no_taken_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ordinary user gets none below 1024."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with Listeners() as listeners, pytest.raises(ListenError, match=r"port 80 \(origin\) may not be opened"):
        listeners.open("origin", 80)


def test_listening_on_a_taken_port_says_what_to_do() -> None:
    """The message names the port, its use, its holder and the setting that moves it."""
    with socket.create_server(("127.0.0.1", 0)) as server, Listeners() as listeners:
        number = server.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"port {number} \(rtmp\).*HEADWATER_PORT_OFFSET"):
            listeners.open("rtmp", number)
