"""services.ingest.rtmp.session against bytes of every kind"""

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.rtmp.events import Closed, Event, PublishRequested
from services.ingest.rtmp.limits import Limits
from services.ingest.rtmp.messages import Message
from services.ingest.rtmp.session import Session
from tests.clients.rtmp_client import Publisher
from tests.ingest.rtmp.pair import Pair
from tests.ingest.rtmp.samples import AAC_RECORD, AVC_RECORD, idr, picture

SMALL = Limits(message_bytes=4096, assembling_bytes=8192)


def record_publication() -> bytes:
    """All bytes an encoder sends from C0 to its end: commands, configurations, media, unpublish."""
    pair, sent = Pair(Publisher(chunk_size=200)), bytearray()
    publisher = pair.publisher

    def run() -> None:
        while data := publisher.data_to_send():
            sent.extend(data)
            pair.session.receive_data(data, 0.0)
            pair.drain()
            publisher.receive_data(pair.session.data_to_send())

    run()
    publisher.send_metadata({"width": 1280.0})
    publisher.send_video_config(0xFFFFF0, AVC_RECORD)
    publisher.send_audio_config(0xFFFFF0, AAC_RECORD)
    for n in range(8):
        is_key = n % 4 == 0
        unit = idr(b"\x88" * 900) if is_key else picture(b"\x9a" * 300)
        publisher.send_video(0xFFFFF0 + n * 33, unit, is_key=is_key, cts_ms=33)
        publisher.send_audio(0xFFFFF0 + n * 33, b"s" * 150)
    publisher.unpublish()
    run()
    return bytes(sent)


PUBLICATION = record_publication()


def events_of(pieces: list[bytes], limits: Limits = SMALL) -> list[Event]:
    """What a session that accepts everything tells about these bytes."""
    session = Session(limits, now=0.0)
    seen: list[Event] = []
    for piece in pieces:
        session.receive_data(piece, 0.0)
        while event := session.next_event():
            seen.append(event)
            if isinstance(event, PublishRequested):
                session.accept()
        session.data_to_send()
    return seen


WHOLE = events_of([PUBLICATION])


def test_publication_is_told_whole() -> None:
    """The recording has all kinds of events, so that the tests below mean something."""
    kinds = [type(event).__name__ for event in WHOLE]
    assert kinds[0] == "PublishRequested"
    assert kinds.count("ConfigReceived") == 2
    assert kinds.count("Unit") == 16
    assert kinds[-1] == "Unpublished"


@settings(max_examples=40)
@given(st.lists(st.integers(1, len(PUBLICATION) - 1), max_size=40))
def test_any_split_gives_the_same_events(cuts: list[int]) -> None:
    """Where the network cuts the bytes changes nothing."""
    edges = [0, *sorted(cuts), len(PUBLICATION)]
    pieces = [PUBLICATION[a:b] for a, b in itertools.pairwise(edges) if a != b]
    assert events_of(pieces) == WHOLE


def test_byte_by_byte_gives_the_same_events() -> None:
    """One byte at a time is a split too."""
    assert events_of([PUBLICATION[at : at + 1] for at in range(len(PUBLICATION))]) == WHOLE


@settings(max_examples=200)
@given(st.binary(max_size=3000))
def test_random_bytes_behind_a_handshake_never_raise(data: bytes) -> None:
    """Garbage ends in Closed or in silence."""
    seen = events_of([bytes(1537 + 1536), data])
    assert all(event.fault == "peer" for event in seen if isinstance(event, Closed))


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(3073, len(PUBLICATION) - 1), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(1, 4000),
)
def test_damaged_publication_never_raises(damage: list[tuple[int, int]], step: int) -> None:
    """Bytes changed anywhere behind the handshake give events, at most one Closed, and it is the last."""
    data = bytearray(PUBLICATION)
    for at, value in damage:
        data[at] = value
    seen = events_of([bytes(data[at : at + step]) for at in range(0, len(data), step)])
    closed = [n for n, event in enumerate(seen) if isinstance(event, Closed)]
    assert closed in ([], [len(seen) - 1])


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(0, 31), st.integers(0, 3), st.integers(0, 0xFFFFFFFF), st.binary(max_size=200)),
        max_size=20,
    )
)
def test_any_messages_on_air_never_raise(sent: list[tuple[int, int, int, bytes]]) -> None:
    """Well-chunked messages of every type with any body, once the encoder is on air."""
    pair = Pair(limits=SMALL).run()
    for kind, stream, stamp, body in sent:
        if kind not in {1, 2}:  # how the reader reads on is test_chunk_reader's
            pair.publisher.send(Message(kind, stream, stamp, body))
    pair.run()


def test_thousand_cut_and_mutated_publications_never_raise() -> None:
    """Seeded damage anywhere, the handshake included, and an end anywhere: the good bytes' events still parse."""
    chance = random.Random(7)
    for _ in range(1000):
        data = bytearray(PUBLICATION[: chance.randrange(1, len(PUBLICATION))])
        for _ in range(chance.randint(1, 10)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        events_of([bytes(data)])
    assert events_of([PUBLICATION]) == WHOLE
