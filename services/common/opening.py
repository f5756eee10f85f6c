"""What every program opens in the same way: the connection to the bus."""

from services.common import metrics
from services.common.bus.connection import Bus, connect
from services.common.errors import AppError, Kind
from services.common.health import Health
from services.common.resources import Resources
from services.common.settings import ServiceSettings


async def open_bus(settings: ServiceSettings, resources: Resources, health: Health) -> Bus:
    """Connect to NATS, show it in metrics, need it for readiness, close it last. Errors: Unavailable."""
    connected = metrics.gauge("headwater_bus_connected")
    returned = metrics.counter("headwater_bus_reconnects_total")
    bus = await connect(settings.nats_url, name=settings.replica, on_change=connected.set)
    bus.add_reconnect_listener(returned.inc)
    resources.defer("bus", bus.close)

    async def check() -> None:
        if not bus.is_connected:
            raise AppError(Kind.UNAVAILABLE, "NATS is away")

    health.add("nats", check)
    return bus
