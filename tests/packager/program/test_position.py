"""Where an heir begins to read."""

from headwater.internal.v1.cmaf_pb2 import Position
from services.common.media.unit import Track, Unit
from services.packager.program.election import OnAir
from services.packager.program.instance import Instance
from services.packager.program.ordering import ConnectionOrder, Item, Place
from services.packager.program.position import mark_reading
from tests.packager.program.synthetic import Source, log, with_configs


def _waiting(connection: int, n: int, sequence: int) -> Item:
    place = Place(connection, n, 0)
    return Item(place, sequence, Unit(Track.VIDEO, 0, 0, True, b""), place)


def _marked(waiting: list[Item], *, fed: int, closed: bool) -> Position:
    source = Source(tag="p", until_s=1)
    instance = Instance("primary", ConnectionOrder())
    media = log(with_configs(source.units(), source.configs), connection=5, closed=closed)
    for sequence, message in enumerate(media, 1):
        instance.feed(sequence, message.stamp_us, message.payload)
    list(instance.take())
    position = Position()
    mark_reading(position, waiting, [instance], on_air=OnAir("primary", 5), last_fed=fed)
    return position


def test_nothing_waiting_means_to_go_on_behind_what_was_read() -> None:
    """The next message of the stream, and the next of the connection."""
    position = _marked([], fed=40, closed=False)

    assert (position.read_from, position.next_n) == (41, 11)


def test_what_waits_is_read_again() -> None:
    """From the first message of which something waits; a foreign connection's count is not ours."""
    position = _marked([_waiting(5, 7, 30), _waiting(4, 2, 20)], fed=40, closed=False)

    assert (position.read_from, position.next_n) == (20, 7)


def test_end_of_the_connection_is_read_again() -> None:
    """Until the state says it."""
    position = _marked([], fed=40, closed=True)

    assert position.read_from == 11
    assert position.next_n == 11
