"""What keeps tests that run beside each other from choosing the same port."""

import pytest

from tests.servers.ports import RANGE, free_ports, share


def test_port_is_not_given_twice_in_a_row_of_draws() -> None:
    """A server that is down for a moment finds its port as it left it."""
    drawn = [free_ports(10) for _ in range(20)]

    assert len({port for ports in drawn for port in ports}) == 200


def test_workers_of_one_run_share_no_port_and_leave_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each worker draws from a part of the range that is its alone."""
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "3")
    parts = []
    for worker in ("gw0", "gw1", "gw2"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        parts.append(share(RANGE))

    assert sorted(port for part in parts for port in part) == list(RANGE)
