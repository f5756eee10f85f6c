"""What webhooks are told of a livestream's state, moved by facts."""

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import Rules
from headwater.internal.v1.records_pb2 import LivestreamRecord
from headwater.internal.v1.webhooks_pb2 import SaidStateRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api.webhooks.said_state import state_after
from tests.api.webhooks.scenes import AT_US, fact, livestream


def _walk(*facts: Fact, of: LivestreamRecord | None = None) -> list[str]:
    """The states after each of some facts, a second apart."""
    said, states = SaidStateRecord(), []
    for seconds, each in enumerate(facts):
        each.time_us = AT_US + seconds * 1_000_000
        said, _ = state_after(said, each, livestream() if of is None else of)
        states.append(Livestream.State.Name(said.state))
    return states


def _order(change: str) -> Fact:
    return fact("livestream_changed", broadcast="", change=change)


STARTED = fact("broadcast_started", record=True)


def test_whole_broadcast_with_a_gap_goes_through_its_states() -> None:
    """Armed, live, lost, back, ended, recorded."""
    assert _walk(
        _order("activated"),
        STARTED,
        fact("media_lost"),
        fact("media_resumed"),
        fact("broadcast_ended"),
        fact("recording_completed"),
    ) == ["ACTIVE", "LIVE", "RECONNECTING", "LIVE", "ENDING", "IDLE"]


def test_broadcast_without_recording_is_over_at_its_end() -> None:
    """Nothing is waited for where nothing is kept."""
    assert _walk(fact("broadcast_started", record=False), fact("broadcast_ended")) == ["LIVE", "IDLE"]


def test_gated_broadcast_is_live_when_it_is_published() -> None:
    """Before, media arrives and nobody sees it; unpublished, it leaves nothing to record."""
    gated = livestream(rules=Rules(is_gated=True))

    assert _walk(STARTED, fact("program_published"), fact("broadcast_ended"), of=gated) == [
        "RECEIVING",
        "LIVE",
        "ENDING",
    ]
    assert _walk(STARTED, fact("media_lost"), fact("media_resumed"), fact("broadcast_ended"), of=gated) == [
        "RECEIVING",
        "RECONNECTING",
        "RECEIVING",
        "IDLE",
    ]


def test_late_fact_of_an_older_broadcast_moves_nothing() -> None:
    """Its recording is completed while the next one is on air."""
    old = "0" * 32
    late = fact("recording_completed", broadcast=old)

    assert _walk(fact("broadcast_started", broadcast=old, record=True), STARTED, late) == ["LIVE", "LIVE", "LIVE"]


def test_single_use_livestream_is_finished_after_its_broadcast() -> None:
    """It does not come back to where an encoder may connect."""
    used = livestream(is_single_use=True)

    assert _walk(STARTED, fact("broadcast_ended"), fact("recording_completed"), of=used)[-1] == "FINISHED"


def test_disabled_livestream_stays_so_until_it_is_enabled() -> None:
    """The end that disabling orders does not make it idle."""
    walked = _walk(STARTED, _order("disabled"), fact("broadcast_ended"), fact("recording_completed"), _order("enabled"))

    assert walked == ["LIVE", "DISABLED", "DISABLED", "DISABLED", "IDLE"]


def test_rejected_encoder_fails_it_only_before_the_first_picture() -> None:
    """Flagged input, and a second encoder that is refused, leave it live."""
    refused, flagged = fact("input_rejected", is_refused=True), fact("input_rejected", is_refused=False)

    assert _walk(STARTED, flagged, refused) == ["LIVE", "LIVE", "FAILED"]
    assert _walk(STARTED, fact("source_changed"), refused) == ["LIVE", "LIVE", "LIVE"]


def test_fact_that_comes_again_moves_nothing() -> None:
    """After an outage the last facts are told once more."""
    said, _ = state_after(SaidStateRecord(), STARTED, livestream())
    lost = fact("media_lost", time_us=AT_US + 1)
    resumed = fact("media_resumed", time_us=AT_US + 2)
    for each in (lost, resumed):
        said, _ = state_after(said, each, livestream())

    for each in (STARTED, lost, resumed):
        assert state_after(said, each, livestream())[0] == said


def test_reason_is_the_facts_own_or_its_name() -> None:
    """What the packager gives as a reason is told; where it gives none, what happened is."""
    _, started = state_after(SaidStateRecord(), STARTED, livestream())
    _, ended = state_after(
        SaidStateRecord(state=Livestream.LIVE), fact("broadcast_ended", reason="max-run-time"), livestream()
    )

    assert (started, ended) == ("started", "max-run-time")
