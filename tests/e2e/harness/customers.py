"""Customers who order all the time, and order again what was not answered, under the same Idempotency-Key."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.common.ids import new_id

Json = dict[str, Any]
PATIENCE_S = 60.0
PAUSE_S = 0.05
BUSY = "still being answered"
KEPT = 6
"""Livestreams that each customer has at most."""


@dataclass
class Customer:
    """One of them, with what was answered to it; nobody else touches what it has."""

    http: httpx.AsyncClient
    dice: random.Random
    name: str
    has: dict[str, Json] = field(default_factory=dict)
    """Livestreams that are there, by id, as they were last answered."""
    gone: set[str] = field(default_factory=set)
    orders: int = 0

    async def work(self, stopping: asyncio.Event) -> None:
        """Order one thing after the other until told to stop; what is begun is brought to an end."""
        while not stopping.is_set():
            await self._any()()
            self.orders += 1
            await asyncio.sleep(self.dice.uniform(0, 2 * PAUSE_S))

    def _any(self) -> Callable[[], Awaitable[None]]:
        if not self.has:
            return self._create
        made: list[Callable[[], Awaitable[None]]] = [self._rename, self._output, self._rotate, self._switch, self._arm]
        return self.dice.choice([*made, self._delete if len(self.has) >= KEPT else self._create])

    async def _create(self) -> None:
        made = await self._order("POST", "/v1/livestreams", {"name": f"{self.name} {self.orders}"})
        assert made is not None
        self.has[made["id"]] = made

    async def _rename(self) -> None:
        await self._change("PATCH", "", {"name": f"{self.name} {self.orders}"})

    async def _rotate(self) -> None:
        await self._change("POST", ":rotateKeys", {})

    async def _switch(self) -> None:
        await self._change("POST", self.dice.choice([":disable", ":enable"]), {})

    async def _arm(self) -> None:
        which = self._one()
        if self.has[which].get("enabled", True):
            self.has[which] = await self._order("POST", f"/v1/livestreams/{which}:activate", {}) or {}

    async def _output(self) -> None:
        which = self._one()
        target = {"type": "SIMULCAST", "url": f"rtmp://127.0.0.1/{self.orders}", "streamKey": new_id()}
        await self._order("POST", f"/v1/livestreams/{which}/outputs", target)
        self.has[which] = await self._order("GET", f"/v1/livestreams/{which}") or {}

    async def _delete(self) -> None:
        which = self._one()
        await self._order("DELETE", f"/v1/livestreams/{which}")
        del self.has[which]
        self.gone.add(which)

    async def _change(self, verb: str, tail: str, body: Json) -> None:
        which = self._one()
        self.has[which] = await self._order(verb, f"/v1/livestreams/{which}{tail}", body) or {}

    def _one(self) -> str:
        return self.dice.choice(sorted(self.has))

    async def _order(self, verb: str, path: str, body: Json | None = None) -> Json | None:
        """The answer, asked for as often as it takes; None for what a deletion answers, also where it is done."""
        key = {"Idempotency-Key": new_id()} if verb != "GET" else {}
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    answer = await self.http.request(verb, path, json=body, headers=key)
                except httpx.TransportError:
                    await asyncio.sleep(PAUSE_S)
                    continue
                if answer.status_code >= 500 or (answer.status_code == 409 and BUSY in answer.text):
                    await asyncio.sleep(PAUSE_S)
                    continue
                if verb == "DELETE" and answer.status_code in {200, 404}:
                    return None
                assert answer.status_code == 200, f"{verb} {path}: {answer.status_code} {answer.text}"
                return dict(answer.json())
