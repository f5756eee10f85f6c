"""The port offsets that tests of whole machines choose from."""

from itertools import combinations

from services.common import ports
from services.machine.ports import PORTS, S3_GRPC_STEPS
from tests.machine.running import OFFSETS
from tests.servers.ports import RANGE

REPLICAS = 12
SEAWEED = range(max(S3_GRPC_STEPS) + 10)


def _ports() -> set[int]:
    """Every port that a machine may open, before the offset."""
    found = {*PORTS.values(), *(ports.S3 + step for step in SEAWEED)}
    several = (ports.METRICS, ports.INTERNAL_GRPC, ports.ORIGIN, ports.RTMP)
    return found | {first + place for first in several for place in range(REPLICAS)}


def test_machines_at_two_offsets_have_no_port_in_common() -> None:
    """So two of them run beside each other without asking."""
    machines = [{port + offset for port in _ports()} for offset in OFFSETS]

    assert [
        (one, other) for one, other in combinations(range(len(machines)), 2) if machines[one] & machines[other]
    ] == []


def test_ports_of_machines_are_outside_those_of_servers_and_of_outgoing_connections() -> None:
    """Neither a server of another test nor a client's end of a connection ever holds one."""
    highest = {port + offset for port in _ports() for offset in OFFSETS}

    assert not highest & set(RANGE)
    assert not highest & set(range(32768, 61000))
    assert max(highest) < 65536
