"""What must follow once a livestream's record is written: keys as ingest should see them, rules and orders for what is
on air.

All of it follows from the record alone. So whoever has written the record does it at once, and should he die between
two writes, the keeper does it.
"""

from headwater.internal.v1.records_pb2 import LivestreamRecord
from services.api.on_air import OnAirOrders
from services.api.orders_due import end_due, is_publish_due
from services.api.records import Records
from services.api.stream_keys import StreamKeys


class Consequences:
    """Each step may be repeated. Errors: AppError(UNAVAILABLE)."""

    def __init__(self, records: Records, keys: StreamKeys, orders: OnAirOrders) -> None:
        self._records = records
        self._keys = keys
        self._orders = orders

    def are_drawn(self, record: LivestreamRecord) -> bool:
        """Whether nothing is left to do, as far as the read models know."""
        return self._keys.are_published(record) and not self.has_orders(record)

    def has_orders(self, record: LivestreamRecord) -> bool:
        """Whether the broadcast on air is still to be told something."""
        stored = self._records.on_air.peek(record.id)
        on_air = stored.record if stored else None
        return end_due(record, on_air) is not None or is_publish_due(record, on_air)

    async def draw(self, record: LivestreamRecord, before: LivestreamRecord | None = None) -> None:
        """Do what follows from the record. With `before`, rules go to what is on air only if they differ."""
        await self._keys.publish(record)
        if before is None or before.rules != record.rules:
            await self._orders.change_rules(record.id, record.rules)
        replaced = self._keys.replaced(record)
        for key in replaced:
            await self._keys.close(key)
        await self._give_orders(record)
        for key in replaced:
            await self._keys.remove(key)

    async def _give_orders(self, record: LivestreamRecord) -> None:
        await self._orders.end(record.id, lambda on_air: end_due(record, on_air))
        await self._orders.publish(record.id, lambda on_air: is_publish_due(record, on_air))
