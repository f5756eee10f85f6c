"""`peers`: the same streams into Headwater, nginx-rtmp and MediaMTX, one after the other in the same run."""

import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from tests.bench.film import film
from tests.bench.headwater import SERVERS, Headwater
from tests.bench.load import Reading, load, summed
from tests.bench.mediamtx import BINARY, MediaMtx
from tests.bench.needs import UnavailableError
from tests.bench.nginx_rtmp import NginxRtmp
from tests.bench.progress import say
from tests.bench.streams import MB, is_ours
from tests.bench.table import Cell, Table


def run(options: Namespace, folder: Path) -> list[Table]:
    """CPU and memory side by side; a peer that is not on this machine is named and left out."""
    source, counts = film(), options.streams
    windows = {"warm_up_s": options.warm_up, "seconds": options.seconds}
    found: dict[str, Sequence[Reading]] = {}
    absent = []
    with Headwater(folder / "headwater", options.settings) as system:
        found[system.name] = list(load(system, source, folder, counts, **windows))
    for make in (NginxRtmp, MediaMtx):
        try:
            with make(folder / make.name) as peer:
                found[peer.name] = list(load(peer, source, folder, counts, **windows))
        except UnavailableError as error:
            say(f"SKIPPED {make.name}: {error}")
            absent.append(f"{make.name} left out: {error}")
    return [_cpu(found, tuple(absent)), _memory(found)]


def _cpu(found: dict[str, Sequence[Reading]], absent: tuple[str, ...]) -> Table:
    loaded = {name: [one for one in readings if one.streams] for name, readings in found.items()}
    columns = ("server", *(f"{one.streams} streams" for one in loaded["headwater"]))
    rows: list[tuple[Cell, ...]] = []
    for name, readings in loaded.items():
        if name == "headwater":
            rows.append(("headwater, our programs", *(summed(one.cpu_ms, is_ours) for one in readings)))
            rows.extend((f"  {server}", *(one.cpu_ms.get(server) for one in readings)) for server in SERVERS)
        else:
            rows.append((name, *(summed(one.cpu_ms, lambda _: True) for one in readings)))
    seconds = loaded["headwater"][-1].seconds
    notes = (
        "headwater records to its S3 store, the peers to the local disk; all package for viewers, nobody watches",
        f"MediaMTX is measured where {BINARY} names its binary; cores: {len(os.sched_getaffinity(0))}",
        *absent,
    )
    return Table(f"CPU ms for each second of each stream, over {seconds:.0f} s, side by side", columns, rows, notes)


def _memory(found: dict[str, Sequence[Reading]]) -> Table:
    columns = ("server", *(f"{one.streams} streams" for one in found["headwater"]))
    rows: list[tuple[Cell, ...]] = []
    for name, readings in found.items():
        sizes = [sum(size for program, size in one.rss.items() if is_ours(program)) / MB for one in readings]
        rows.append((name, *sizes))
    return Table("Resident memory, MB (headwater: our programs)", columns, rows)
