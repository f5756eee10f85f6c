"""Live playlists: one function of the log, and always within the rules."""

from itertools import accumulate, pairwise

import pytest

from services.common.media.unit import CLOCK_RATE, Track
from tests.clients.hls_rules import check_history, check_playlist, check_renditions
from tests.packager.origin.logged import START_US, Origin, logged, window_place
from tests.packager.program.encoder import Message, encode, messages
from tests.packager.program.log import Logs
from tests.packager.program.synthetic import Source, log, with_configs

AGAIN_US = START_US + 11_000_000


def _both_instances(b_frames: int = 0) -> list[Message]:
    recording = encode(seconds=12, b_frames=b_frames)
    primary = messages(recording, connection=5, until_s=6.7)
    secondary = messages(recording, connection=6, start_us=START_US + 40_000, instance="secondary")
    return sorted([*primary, *secondary], key=lambda message: message.stamp_us)


def _without_sound(since_s: float, until_s: float) -> list[Message]:
    """One connection whose sound is missing for a while."""
    whole = encode(seconds=16)
    kept = tuple(
        unit for unit in whole.units if unit.track is Track.VIDEO or not since_s <= unit.dts / CLOCK_RATE < until_s
    )
    return messages(type(whole)(whole.video, whole.audio, kept), connection=5)


def _late_sound() -> list[Message]:
    """A picture alone, whose encoder comes back with sound."""
    picture = messages(encode(seconds=6), connection=5, tracks=(Track.VIDEO,))
    return [*picture, *messages(encode(seconds=8), connection=9, start_us=AGAIN_US)]


def _shown_late() -> list[Message]:
    """Pictures that are shown half a second after they are decoded."""
    source = Source(tag="s", until_s=12, fps=4, b_frames=3)
    return log(with_configs(source.units(), source.configs), connection=5, start_us=START_US)


SCENES = {
    "steady": lambda: messages(encode(seconds=50), connection=5),
    "reordered": lambda: messages(encode(seconds=8, b_frames=2), connection=5),
    "long GOP": lambda: messages(encode(seconds=18, gop_s=17), connection=5),
    "short GOP": lambda: messages(encode(seconds=6, gop_s=0.1), connection=5),
    "sound alone": lambda: messages(encode(seconds=8), connection=5, tracks=(Track.AUDIO,)),
    "picture alone": lambda: messages(encode(seconds=8), connection=5, tracks=(Track.VIDEO,)),
    "reconnect": lambda: [
        *messages(encode(seconds=8), connection=5),
        *messages(encode(seconds=8), connection=9, start_us=AGAIN_US),
    ],
    "other size": lambda: [
        *messages(encode(seconds=8), connection=5),
        *messages(encode(seconds=8, size=(320, 180)), connection=9, start_us=AGAIN_US),
    ],
    "failover": _both_instances,
    "reordered failover": lambda: _both_instances(b_frames=3),
    "on air to the end": lambda: messages(encode(seconds=7), connection=5, closed=False),
    "sound away": lambda: _without_sound(5.0, 10.0),
    "late sound": _late_sound,
    "shown late": _shown_late,
}


@pytest.fixture(scope="module", params=SCENES, ids=lambda name: name.replace(" ", "-"))
def logs(request: pytest.FixtureRequest) -> Logs:
    """What a packager wrote of each scene, to the end of the broadcast."""
    return logged(SCENES[request.param]())


def test_origins_say_the_same_whenever_they_began(logs: Logs) -> None:
    """Having read the same last tick, one that began at any state or window gives the bytes of one from the start."""
    veteran, others = Origin(), {}
    for place in range(len(logs.ticks)):
        veteran.feed(logs, place)
        begin = window_place(logs, place)
        if begin not in others:
            others[begin] = Origin()
            for earlier in range(begin, place):
                others[begin].feed(logs, earlier)
        expected = veteran.playlists()
        for since, other in others.items():
            other.feed(logs, place)
            assert other.playlists() == expected, f"begun at {since}, at {place}"
            assert other.program.multivariant("") == veteran.program.multivariant("")


def test_every_version_keeps_the_rules(logs: Logs) -> None:
    """Each version by itself, all versions of a rendition in a row, and the renditions side by side.

    Only what is next is hinted (B.1), and while no encoder is there nothing may come.
    """
    origin = Origin()
    versions: dict[str, list[tuple[float, str]]] = {}
    for place in range(len(logs.ticks)):
        origin.feed(logs, place)
        texts = origin.playlists() if origin.program.has_begun else {}
        for name, text in texts.items():
            versions.setdefault(name, []).append((place, text))
            broken = {each.rule for each in check_playlist(text)}
            lost = origin.program.ledger.state.lost_since_us and not origin.program.has_ended
            assert broken == ({"profile-hint"} if lost else set()), text
        assert [str(each) for each in check_renditions(texts)] == []
    for history in versions.values():
        assert [str(each) for each in check_history(history)] == []
    assert all(history[-1][1].endswith("#EXT-X-ENDLIST\n") for history in versions.values())


def test_list_runs_ahead_of_the_media_from_part_to_part_and_is_even_with_it_at_each_segment(logs: Logs) -> None:
    """By what players can tell apart: Shaka takes what falls back for a jump in time, and drops it."""
    origin = Origin()
    for place in range(len(logs.ticks)):
        origin.feed(logs, place)
    for track in origin.program.tracks.values():
        scale = origin.program.ledger.rendition(track.number).timescale
        for segment in track.closed:
            begins_us = _begins_us(logs, segment.msn, track.number, scale)
            listed_us = list(accumulate((part.duration_us for part in segment.parts), initial=0))
            if len(begins_us) == len(segment.parts):  # what is not there has no time of its own
                ahead = [listed - begin + begins_us[0] for listed, begin in zip(listed_us, begins_us, strict=False)]
                assert all(later - before >= 2 for before, later in pairwise(ahead)), segment
                assert abs(listed_us[-1] - segment.duration_us) <= 15 * len(segment.parts)


def _begins_us(logs: Logs, msn: int, number: int, scale: int) -> list[float]:
    """Decode times of a rendition's parts of a segment; where its source begins, as the encoder said."""
    heads = [head for _, head, _ in logs.ticks if head.msn == msn]
    parts = [part for head in heads for part in head.parts if part.rendition == number]
    return [(part.decode_time - part.moved) * 1e6 / scale for part in parts]


def test_nobody_is_told_to_wait_for_a_part_at_the_end(logs: Logs) -> None:
    """The version before the end, which says what the last part was, hints at none."""
    origin = Origin()
    for place in range(len(logs.ticks) - 1):
        origin.feed(logs, place)
    assert logs.ticks[-1][1].HasField("end")
    assert not origin.program.has_ended
    for text in origin.playlists().values():
        assert "#EXT-X-PRELOAD-HINT" not in text
