"""Pictures that wait for their sound."""

from services.common.media.unit import Track, Unit
from services.packager.program.held import PATIENCE, SILENCE, HeldPictures
from services.packager.program.ordering import Item, Place

FRAME = 3000
DELAY = 2 * FRAME
BEGIN = 10 * 90_000


def _holding(count: int) -> HeldPictures:
    held = HeldPictures()
    for number in range(count):
        unit, place = Unit(Track.VIDEO, number * FRAME, DELAY, False, b""), Place(5, 1, number)
        held.hold(Item(place, 1, unit, place), unit, BEGIN + number * FRAME)
    return held


def _released(held: HeldPictures, sound: int | None) -> list[int]:
    return [found.time - BEGIN for found in held.release(sound=sound, delay=DELAY)]


def test_picture_goes_when_the_sound_that_is_heard_with_it_is_there() -> None:
    """That is later than when it is decoded; the others stay, in their order."""
    held = _holding(4)

    assert _released(held, BEGIN + DELAY - 1) == []
    assert _released(held, BEGIN + DELAY + FRAME) == [0, FRAME]
    assert held.first_item is not None
    assert held.first_item.place == Place(5, 1, 2)


def test_picture_is_still_needed_while_it_is_put_out() -> None:
    """Whoever takes over in between must read it again."""
    held = _holding(1)
    release = held.release(sound=None, delay=DELAY)
    next(release)

    assert held.first_item is not None
    assert list(release) == []
    assert held.first_item is None


def test_sound_that_is_late_is_not_waited_for_without_end() -> None:
    """No more is held than that takes."""
    count = (DELAY + PATIENCE) // FRAME + 3
    held = _holding(count)

    assert _released(held, BEGIN) == [0, FRAME, 2 * FRAME]


def test_nothing_is_held_where_there_is_no_sound() -> None:
    """No such track, or one that has been silent for long."""
    assert len(_released(_holding(3), None)) == 3
    assert len(_released(_holding(3), BEGIN - SILENCE - 1)) == 3


def test_end_lets_all_go() -> None:
    """Sound or not."""
    assert [found.time - BEGIN for found in _holding(2).release_all()] == [0, FRAME]


def test_what_is_left_to_the_other_instance_is_forgotten() -> None:
    """But for what is shown before what is out."""
    held = _holding(3)
    held.leave(BEGIN + DELAY + 1)

    assert [found.time - BEGIN for found in held.release_all()] == [0]
