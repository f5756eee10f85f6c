"""Seeing a write in the middle: by what the kernel holds for a server that does not read."""

import os
import socket

from tests.e2e.harness.held_bytes import held_bytes


def test_bytes_unread_are_seen_by_who_sent_them() -> None:
    """Only those of the process that is asked about count, and what is read counts no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            served, _ = server.accept()
            assert held_bytes(port, os.getpid()) == 0
            client.sendall(bytes(5000))
            assert held_bytes(port, os.getpid()) == 5000
            assert held_bytes(port, os.getppid()) == 0
            with served:
                assert len(served.recv(3000)) == 3000
                assert held_bytes(port, os.getpid()) == 2000


def test_process_that_has_gone_holds_nothing() -> None:
    """It may die while it is looked at."""
    assert held_bytes(1, 2**22 + 1) == 0
