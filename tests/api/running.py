"""api as a child process, with the ports of its own and real NATS behind it."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from headwater.internal.v1.facts_pb2 import Fact
from services.common import subjects
from services.common.bus.connection import Bus, connect
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from tests.api.small_stats import SmallStats
from tests.servers.process import Server

CHECKOUT = Path(__file__).parents[2]
PATIENCE_S = 30.0


class ApiServer(Server):
    """`python -m services.api`; replicas share a `home`."""

    name = "api"
    module = "services.api"
    ports_needed = 3

    def __init__(self, folder: Path, nats_url: str, *, home: Path | None = None, **settings: str) -> None:
        super().__init__(folder)
        self.home = home or folder / "home"
        self.nats_url = nats_url
        self._settings = settings
        self._stats: SmallStats | None = None

    @property
    def stats(self) -> SmallStats:
        """The stats behind it, unless the test has named another."""
        self._stats = self._stats or SmallStats()
        return self._stats

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def grpc_port(self) -> int:
        return self.ports[1]

    @property
    def token(self) -> str:
        return (self.home / "admin-token").read_text().strip()

    def environment(self) -> dict[str, str]:
        rest, grpc, metrics = (str(port) for port in self.ports)
        return {
            "PYTHONPATH": str(CHECKOUT),
            "HEADWATER_HOME": str(self.home),
            "HEADWATER_NATS_URL": self.nats_url,
            "HEADWATER_REST_PORT": rest,
            "HEADWATER_GRPC_PORT": grpc,
            "HEADWATER_METRICS_PORT": metrics,
            "HEADWATER_PUBLIC_HOST": "live.example",
            **({} if "stats_address" in self._settings else {"HEADWATER_STATS_ADDRESS": self.stats.address}),
            **{f"HEADWATER_{name.upper()}": value for name, value in self._settings.items()},
        }

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.ports[2]}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self._stats is not None:
            self._stats.close()

    def client(self, token: str | None = None, **options: Any) -> "Rest":
        return Rest(self.url, self.token if token is None else token, **options)


class Rest(httpx.Client):
    """REST with a token; `call` wants success."""

    def __init__(self, url: str, token: str, **options: Any) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        super().__init__(base_url=url, headers=headers, timeout=20, **options)

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        response = self.request(method, path, json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


class Others:
    """What ingest, packager and archiver would write, in plain calls."""

    def __init__(self, nats_url: str) -> None:
        self._nats_url = nats_url

    def put(self, bucket: str, key: str, message: Any) -> None:
        self._run(lambda spine: self._put(spine, bucket, key, message.SerializeToString()))

    def get(self, bucket: str, key: str) -> bytes | None:
        async def read(spine: Spine) -> bytes | None:
            record = await (await spine.bucket(bucket)).get(key)
            return record.value if record else None

        found: bytes | None = self._run(read)
        return found

    def keys(self, bucket: str) -> list[str]:
        async def read(spine: Spine) -> list[str]:
            return [record.key for record in await (await spine.bucket(bucket)).list()]

        found: list[str] = self._run(read)
        return found

    def everything(self, *buckets: str) -> dict[str, bytes]:
        """All that is in these buckets."""

        async def read(spine: Spine) -> dict[str, bytes]:
            return {
                f"{bucket}/{record.key}": record.value
                for bucket in buckets
                for record in await (await spine.bucket(bucket)).list()
            }

        found: dict[str, bytes] = self._run(read)
        return found

    def remove(self, bucket: str, key: str) -> None:
        async def delete(spine: Spine) -> None:
            await (await spine.bucket(bucket)).delete(key)

        self._run(delete)

    def last_fact(self, kind: str, livestream: str = "") -> Fact | None:
        """The newest one of a kind."""

        async def read(spine: Spine) -> Fact | None:
            entry = await (await spine.facts()).last(subjects.fact(kind, livestream))
            return Fact.FromString(entry.payload) if entry else None

        found: Fact | None = self._run(read)
        return found

    def say(self, *facts: Fact) -> None:
        async def append(spine: Spine) -> None:
            log = await spine.facts()
            for fact in facts:
                subject = subjects.fact(str(fact.WhichOneof("fact")), fact.livestream_id)
                await log.append(subject, fact.SerializeToString(), msg_id=fact.id)

        self._run(append)

    async def _put(self, spine: Spine, bucket: str, key: str, value: bytes) -> None:
        await (await spine.bucket(bucket)).put(key, value)

    def _run(self, work: Callable[[Spine], Any]) -> Any:
        async def run() -> Any:
            bus: Bus = await connect(self._nats_url, name="test")
            try:
                return await work(Spine(bus, ServiceSettings()))
            finally:
                await bus.close()

        with ThreadPoolExecutor(1) as pool:  # the caller's thread may have a loop of its own
            return pool.submit(asyncio.run, run()).result()


def served(ways: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Inputs or playouts of protocols that are served by now."""
    return [each for each in ways if each.get("isServed", True)]


def until(read: Callable[[], Any], wanted: Callable[[Any], bool] = bool) -> Any:
    """Ask until the answer is as wanted; the last one is told if it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while not wanted(answer := read()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)
    return answer
