"""A second ingest beside the first, on a port of its own."""

from services.common import ports
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import until


async def second_ingest(machine: Machine) -> int:
    """Start `ingest-2`; the answer is its RTMP port, once an encoder may connect there."""
    before = len(machine.said())
    name = machine.more("ingest")
    await machine.running(name)
    await until(lambda: f"{name}: " in machine.said()[before:], "where it listens", deadline_s=20)
    line = next(line for line in machine.said()[before:].splitlines() if f"{name}: " in line)
    port = int(line.partition("rtmp ")[2].partition(";")[0].partition(",")[0])
    assert port != ports.RTMP + machine.offset
    await machine.log_says(name, '"event":"started"')
    return port
