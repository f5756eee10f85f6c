"""What is due, and how much of it may be under way at once. Pure.

An endpoint that answers slowly fills its own share and no more: the limits are for each webhook, each tenant and all.
Of an endpoint that was slow the last time one attempt is under way at once, all such share one half of what there is,
and nobody has several under way when half is in use: so there is room for who answers, however many do not.
"""

from collections import Counter
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

PER_WEBHOOK = 4
PER_TENANT = 128
"""More than a tenant may have webhooks."""
AT_ONCE = 256

_MOST_SLOW = 10_000
"""Remembered; of more the one that was slow longest ago is forgotten."""


@dataclass(slots=True)
class _Item:
    due_us: int
    webhook: str
    tenant: str
    is_slow: bool = False
    """Of what is under way: whether its webhook was slow the last time before."""


@dataclass
class Agenda:
    """Deliveries by their webhook, earliest first. A key is under way from `start` until `done`."""

    per_webhook: int = PER_WEBHOOK
    per_tenant: int = PER_TENANT
    at_once: int = AT_ONCE
    _items: dict[str, _Item] = field(default_factory=dict)
    _queues: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    _under_way: dict[str, _Item] = field(default_factory=dict)
    _webhooks: Counter[str] = field(default_factory=Counter)
    _tenants: Counter[str] = field(default_factory=Counter)
    _slow: dict[str, None] = field(default_factory=dict)
    """Webhooks that were slow the last time, the latest last."""
    _slow_tenants: Counter[str] = field(default_factory=Counter)
    """Of each tenant how many attempts are under way to those."""

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
            waiting = [self._under_way[key].webhook for key in begun]
        return started

    def done(self, key: str, not_before_us: int, *, was_slow: bool = False) -> None:
        """It is not under way any more; if it is still planned, it begins no sooner than this."""
        gone = self._under_way.pop(key)
        self._count(gone, -1)
        self._slow.pop(gone.webhook, None)
        if was_slow:
            self._slow[gone.webhook] = None
        if len(self._slow) > _MOST_SLOW:
            del self._slow[next(iter(self._slow))]
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
        self._under_way[key] = _Item(item.due_us, item.webhook, item.tenant, item.webhook in self._slow)
        self._count(self._under_way[key], 1)
        return key

    def _count(self, item: _Item, by: int) -> None:
        counted = [(self._webhooks, item.webhook), (self._tenants, item.tenant)]
        if item.is_slow:
            counted.append((self._slow_tenants, item.tenant))
        for counter, name in counted:
            counter[name] += by
            if not counter[name]:
                del counter[name]

    def _has_room(self, item: _Item) -> bool:
        its, tenants = self._webhooks[item.webhook], self._tenants[item.tenant]
        is_half_full = 2 * tenants >= self.per_tenant or 2 * len(self._under_way) >= self.at_once
        if its and (is_half_full or item.webhook in self._slow):
            return False
        if item.webhook in self._slow and self._is_slow_half_full(item.tenant):
            return False
        return its < self.per_webhook and tenants < self.per_tenant

    def _is_slow_half_full(self, tenant: str) -> bool:
        """Whether those that were slow have their half of what there is for a tenant, or for all."""
        slow, all_slow = self._slow_tenants[tenant], self._slow_tenants.total()
        return 2 * slow >= self.per_tenant or 2 * all_slow >= self.at_once

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
