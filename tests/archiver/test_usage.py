"""How full the logs are."""

import pytest

from services.archiver.counts import Counts
from services.archiver.repository import Recordings
from services.archiver.surroundings import Logs, Surroundings
from services.archiver.usage import Usage
from services.common import subjects
from services.common.bus.facts import FactPublisher
from services.common.clock import ManualClock
from tests.archiver.facts import facts_of
from tests.archiver.on_air import Stage
from tests.archiver.running import archiver, until

pytestmark = pytest.mark.connected


async def test_log_that_fills_up_is_told_of_once(here: Stage) -> None:
    """Above 80 % of its bytes a warning is a fact, and not again while it stays there."""
    broadcast = await here.begin()
    async with archiver(here.environment | {"HEADWATER_MEDIA_LOG_BYTES": "100000"}):
        await until(lambda: here.is_worked_off(broadcast))
    await broadcast.media.append(subjects.media(0, "primary", "x"), bytes(90_000))
    facts = FactPublisher(await here.spine.facts())
    around = Surroundings(
        recordings=Recordings(None),  # type: ignore[arg-type]  # nothing is stored here
        playback=here.playback,
        facts=facts,
        counts=Counts(),
        clock=ManualClock(),
        purge_grace_s=0,
    )
    usage = Usage(around, [Logs(0, broadcast.media, broadcast.cmaf)])
    for _ in range(3):
        await usage.look()
    await facts.close()

    (fact,) = [fact.log_filled for fact in await facts_of(here) if fact.HasField("log_filled")]
    assert fact.stream == "MEDIA-0"
    assert 80 <= fact.percent < 100
