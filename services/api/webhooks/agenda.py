"""What is due, and how much of it may be under way at once. Pure.

An endpoint that answers slowly fills its own share and no more: the limits are for each webhook, each tenant and all.
"""

from collections import Counter
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

PER_WEBHOOK = 4
PER_TENANT = 16
AT_ONCE = 64


@dataclass(slots=True)
class _Item:
    due_us: int
    webhook: str
    tenant: str


@dataclass
class Agenda:
    """Deliveries by their webhook, earliest first. A key is under way from `start` until `done`."""

    per_webhook: int = PER_WEBHOOK
    per_tenant: int = PER_TENANT
    at_once: int = AT_ONCE
    _items: dict[str, _Item] = field(default_factory=dict)
    _queues: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    _under_way: dict[str, tuple[str, str]] = field(default_factory=dict)
    _webhooks: Counter[str] = field(default_factory=Counter)
    _tenants: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    def put(self, key: str, due_us: int, webhook: str, tenant: str) -> None:
        """Plan a delivery, or plan it anew."""
        known = self._items.get(key)
        if known is not None and known.due_us == due_us:
            return
        self._items[key] = _Item(due_us, webhook, tenant)
        heappush(self._queues.setdefault(webhook, []), (due_us, key))
        self._tidy(webhook)

    def drop(self, key: str) -> None:
        """It is over, or gone."""
        item = self._items.pop(key, None)
        if item is not None:
            self._clean(item.webhook)

    def start(self, now_us: int) -> list[str]:
        """What may begin now, one of each webhook in turn; `done` must follow for each."""
        started: list[str] = []
        waiting = list(self._queues)
        while waiting:
            begun = [key for webhook in waiting if (key := self._begin(webhook, now_us)) is not None]
            started += begun
            waiting = [self._under_way[key][0] for key in begun]
        return started

    def done(self, key: str, not_before_us: int) -> None:
        """It is not under way any more; if it is still planned, it begins no sooner than this."""
        webhook, tenant = self._under_way.pop(key)
        self._webhooks[webhook] -= 1
        self._tenants[tenant] -= 1
        self._webhooks, self._tenants = +self._webhooks, +self._tenants
        item = self._items.get(key)
        if item is not None:
            item.due_us = max(item.due_us, not_before_us)
            heappush(self._queues.setdefault(item.webhook, []), (item.due_us, key))

    def next_us(self) -> int | None:
        """When something may begin; None: not before something is done or put."""
        if len(self._under_way) >= self.at_once:
            return None
        heads = [queue[0] for webhook in list(self._queues) if (queue := self._clean(webhook))]
        return min((due for due, key in heads if self._has_room(self._items[key])), default=None)

    def _begin(self, webhook: str, now_us: int) -> str | None:
        queue = self._clean(webhook)
        if not queue or queue[0][0] > now_us:
            return None
        key = queue[0][1]
        item = self._items[key]
        if len(self._under_way) >= self.at_once or not self._has_room(item):
            return None
        heappop(queue)
        self._queues[webhook] = self._queues.pop(webhook)  # the next time others come first
        self._under_way[key] = (item.webhook, item.tenant)
        self._webhooks[item.webhook] += 1
        self._tenants[item.tenant] += 1
        return key

    def _has_room(self, item: _Item) -> bool:
        return self._webhooks[item.webhook] < self.per_webhook and self._tenants[item.tenant] < self.per_tenant

    def _clean(self, webhook: str) -> list[tuple[int, str]]:
        """The queue with a true entry at its head; forgotten when it is empty."""
        queue = self._queues.get(webhook, [])
        while queue and not self._is_true(*queue[0]):
            heappop(queue)
        if not queue:
            self._queues.pop(webhook, None)
        return queue

    def _is_true(self, due_us: int, key: str) -> bool:
        item = self._items.get(key)
        return item is not None and item.due_us == due_us and key not in self._under_way

    def _tidy(self, webhook: str) -> None:
        """Entries that were planned anew lie about; not for ever."""
        queue = self._queues[webhook]
        if len(queue) > 64 and len(queue) > 4 * len(self._items):
            queue[:] = [entry for entry in queue if self._is_true(*entry)]
            heapify(queue)
