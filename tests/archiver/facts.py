"""What has been said."""

from headwater.internal.v1.facts_pb2 import Fact
from tests.archiver.on_air import Stage


async def facts_of(here: Stage) -> list[Fact]:
    """All facts in their stream, in order."""
    log = await here.spine.facts()
    last = (await log.usage()).last_sequence
    return [Fact.FromString(entry.payload) for entry in await log.get_many(range(1, last + 1))]
