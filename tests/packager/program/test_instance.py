"""What an instance keeps while it is not on air."""

from services.common.media.unit import CLOCK_RATE, Config, Track, Unit
from services.packager.program.instance import LEAD_IN_TICKS, MAX_LOOKBACK_TICKS, Instance
from services.packager.program.ordering import ConnectionOrder
from tests.packager.program.synthetic import Entry, Source, log, ms, name_of, shifted, with_configs


def _instance(entries: list[Entry], **options: object) -> Instance:
    found = Instance("secondary", ConnectionOrder())
    for sequence, message in enumerate(log(entries, connection=5, **options), 1):  # type: ignore[arg-type]
        found.feed(sequence, message.stamp_us, message.payload)
    return found


def _entries(until_s: float = 5.0, **known: object) -> list[Entry]:
    source = Source(tag="i", until_s=until_s, **known)  # type: ignore[arg-type]
    return with_configs(source.units(), source.configs)


def _taken(instance: Instance) -> list[str]:
    return [
        name_of(item.content.payload) if isinstance(item.content, Unit) else item.content.track.name
        for item in instance.take()
    ]


def test_key_times_are_those_of_pictures_where_there_are_any() -> None:
    """A program begins with a key frame; with sound alone any frame will do."""
    assert list(_instance(_entries()).key_times) == [0, ms(2), ms(4)]
    assert len(_instance(_entries(video=None)).key_times) == 234


def test_track_without_its_config_offers_no_beginning() -> None:
    """A key frame that nobody could decode is none."""
    units = Source(tag="i", until_s=3).units()

    assert list(_instance(list(units)).key_times) == []


def test_take_gives_all_in_the_order_of_the_log_once() -> None:
    """What was taken is gone."""
    entries = _entries()
    instance = _instance(entries)

    first, second = _taken(instance), _taken(instance)

    assert first == [e.track.name if isinstance(e, Config) else name_of(e.payload) for e in entries]
    assert second == []


def test_forget_before_keeps_what_a_decoder_needs() -> None:
    """Units before the time go; sound that leads in to what is left stays, and configs are known before all."""
    instance = _instance(_entries())
    instance.forget_before(ms(3))

    taken = _taken(instance)
    pictures = [name for name in taken if name.startswith("i.V")]
    sounds = [name for name in taken if name.startswith("i.A")]

    assert set(taken[:2]) == {"VIDEO", "AUDIO"}
    assert (pictures[0], sounds[0]) == ("i.V90.", f"i.A{-(-(ms(3) - LEAD_IN_TICKS) // 1920)}.")
    assert list(_instance(_entries()).key_times)[-1] == ms(4)


def test_forget_shown_keeps_the_gop_that_may_be_gone_back_over() -> None:
    """All before the last key frame that is behind the program goes."""
    instance = _instance(_entries())
    instance.forget_shown(lambda key: key < ms(3))

    assert list(instance.key_times) == [ms(2), ms(4)]
    assert next(name for name in _taken(instance) if name.startswith("i.V")) == "i.V60."


def test_oldest_message_still_needed_moves_with_what_is_kept() -> None:
    """The media log may be let go of up to there."""
    instance = _instance(_entries())
    before = instance.oldest_sequence
    instance.forget_before(ms(4))

    assert before == 1
    assert (instance.oldest_sequence or 0) > 35
    assert instance.oldest_n == instance.oldest_sequence
    instance.forget()
    assert instance.oldest_sequence is None


def test_lookback_is_bounded_in_time() -> None:
    """Without a key frame to go back to, at most 30 s are kept."""
    instance = _instance(_entries(45.0, gop_s=1000))
    instance.bound()
    times = [unit.dts for unit in instance.kept(Track.VIDEO) if isinstance(unit, Unit)]

    assert times[-1] - times[0] <= MAX_LOOKBACK_TICKS


def test_lookback_is_bounded_in_bytes() -> None:
    """A bit rate nobody should have does not fill the memory."""
    instance = _instance(_entries(20.0, frame_bytes=200_000))
    instance.bound()
    kept = sum(len(unit.payload) for unit in instance.kept(Track.VIDEO) if isinstance(unit, Unit))

    assert kept < 100_000_000


def test_what_lies_before_a_long_hole_is_stale() -> None:
    """An instance that was silent for long is not gone back to where it was before."""
    first, second = Source(tag="i", until_s=2).units(), Source(tag="j", until_s=4, since_s=2).units()
    configs = Source(tag="", until_s=0).configs
    instance = _instance(with_configs([*first, *shifted(second, 20)], configs))
    instance.forget_stale()

    assert list(instance.key_times) == [ms(22)]


def test_later_connection_replaces_all() -> None:
    """Nothing of the earlier encoder is left."""
    instance = _instance(_entries())
    entries = _entries(1.0)
    for sequence, message in enumerate(log(entries, connection=9, closed=False), 1000):
        instance.feed(sequence, message.stamp_us, message.payload)

    assert (instance.connection, instance.closed) == (9, None)
    assert instance.newest_dts is not None
    assert instance.newest_dts < CLOCK_RATE


def test_pause_and_held_messages_end_the_flow() -> None:
    """Only what has come without a pause, and was not held by ingest, tells that an instance flows."""
    entries = _entries(3.0)
    messages = log(entries, connection=5, closed=False)
    instance = Instance("primary", ConnectionOrder())
    for sequence, message in enumerate(messages[:10], 1):
        instance.feed(sequence, message.stamp_us, message.payload)
    begun = instance.flowing_since_us
    for sequence, message in enumerate(messages[10:12], 11):
        instance.feed(sequence, message.stamp_us + 5_000_000, message.payload)
    resumed = instance.flowing_since_us
    held = messages[12].payload
    instance.feed(13, messages[12].stamp_us + 6_000_000, held[:4] + (900).to_bytes(4, "big") + held[8:])

    assert begun == messages[0].stamp_us
    assert resumed == messages[10].stamp_us + 5_000_000
    assert instance.flowing_since_us is None


def test_message_that_was_read_by_another_packager_shows_that_its_encoder_is_there() -> None:
    """An heir reads both instances' messages again from where the first is needed: the one on air was not silent."""
    source = Source(tag="i", until_s=3)
    media = log(with_configs(source.units(), source.configs), connection=5, closed=False)
    heir = Instance("primary", ConnectionOrder(expected=(5, len(media))))
    heir.restart(5)

    assert not heir.feed(10, media[9].stamp_us, media[9].payload)
    assert heir.newest_us == media[9].stamp_us
