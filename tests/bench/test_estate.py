"""The generated estate is what our programs would have left."""

from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord, MediaRecord
from services.api import broadcast, recording
from tests.bench.estate import Estate

ESTATE = Estate(livestreams=20, media=60, now_us=1_767_225_600_000_000)


def test_nothing_generated_has_to_be_put_right() -> None:
    """Neither broadcast nor recording changes by what the playback record says: they are settled."""
    for number in range(ESTATE.media):
        of = ESTATE.broadcast(number)
        playback = ESTATE.playback(number, of)
        media = ESTATE.recording(number, of, playback)
        noted, recorded = BroadcastRecord(), MediaRecord()
        noted.CopyFrom(of)
        recorded.CopyFrom(media)
        broadcast.note_playback(noted, playback)
        recording.note_playback(recorded, playback)
        recording.note_broadcast(recorded, noted)
        assert (noted, recorded) == (of, media)
        assert recording.is_settled(media, of, playback)
        playback.state = Playback.GONE
        broadcast.note_playback(noted, playback)
        assert not recording.is_settled(media, noted, playback)
        assert recording.is_settled(None, noted, playback)


def test_estate_is_the_same_each_time_and_in_order() -> None:
    """Broadcasts begin one after the other, and the first livestream has more than any other."""
    again = Estate(livestreams=20, media=60, now_us=ESTATE.now_us)
    assert [again.broadcast(number) for number in range(60)] == [ESTATE.broadcast(number) for number in range(60)]
    starts = [ESTATE.start_us(number) for number in range(60)]
    assert starts == sorted(set(starts))
    owners = [ESTATE.owner(number) for number in range(60)]
    assert owners.count(0) == max(owners.count(owner) for owner in set(owners))
