"""services.ingest.rtmp.chunk_reader (with chunk_writer as its inverse)"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.rtmp import messages
from services.ingest.rtmp.chunk_reader import ChunkReader
from services.ingest.rtmp.chunk_writer import ChunkWriter
from services.ingest.rtmp.errors import ProtocolError
from services.ingest.rtmp.limits import Limits
from services.ingest.rtmp.messages import Message

Seen = tuple[int, int, int, bytes]


def read(reader: ChunkReader, *pieces: bytes) -> list[Seen]:
    """(type, stream, timestamp, payload) of all messages in the pieces."""
    seen = []
    for piece in pieces:
        reader.receive_data(piece)
        while message := reader.next_message():
            seen.append((message.type_id, message.stream_id, message.timestamp, bytes(message.payload)))
    return seen


def read_all(data: bytes, chunk_size: int = 128) -> list[Seen]:
    reader = ChunkReader()
    reader.chunk_size = chunk_size
    return read(reader, data)


def full(stamp: int, length: int, kind: int = 9, stream: int = 1) -> bytes:
    """A message header of type 0."""
    return stamp.to_bytes(3, "big") + length.to_bytes(3, "big") + bytes((kind,)) + stream.to_bytes(4, "little")


STAMPS = st.integers(0, 0xFFFFFFFF) | st.integers(0, 2000) | st.integers(0xFFFFF0, 0x100000F)
MESSAGES = st.builds(Message, st.sampled_from((8, 9, 18, 20)), st.integers(0, 3), STAMPS, st.binary(max_size=700))


@given(
    st.lists(st.tuples(st.sampled_from((2, 4, 63, 64, 319, 320, 65_599)), MESSAGES), max_size=12),
    st.integers(1, 300),
    st.integers(1, 400),
)
def test_written_messages_read_back_whatever_the_sizes(
    sent: list[tuple[int, Message]], chunk_size: int, step: int
) -> None:
    """All header types, id forms, chunk sizes and splits of the bytes give the messages that were written."""
    writer, reader = ChunkWriter(), ChunkReader()
    data = writer.write(2, messages.set_chunk_size(chunk_size))
    data += b"".join(writer.write(csid, message) for csid, message in sent)
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    assert read(reader, *pieces) == [(m.type_id, m.stream_id, m.timestamp, m.payload) for _, m in sent]
    assert reader.waiting == 0


@pytest.mark.parametrize(
    ("basic", "go_on"),
    [(b"\x04", b"\xc4"), (b"\x00\x05", b"\xc0\x05"), (b"\x01\x05\x01", b"\xc1\x05\x01")],
)
def test_chunk_stream_ids_of_all_forms(basic: bytes, go_on: bytes) -> None:
    """Ids of one, two and three bytes carry messages across chunks (5.3.1.1)."""
    data = basic + full(7, 200) + bytes(128) + go_on + bytes(72)
    assert read_all(data) == [(9, 1, 7, bytes(200))]


def test_sound_inside_a_large_picture_comes_first() -> None:
    """Chunks of two chunk streams interleave; each message comes when it is whole."""
    data = (
        b"\x06" + full(40, 300) + b"v" * 128
        + b"\x04" + full(33, 3, kind=8) + b"abc"
        + b"\xc6" + b"v" * 128
        + b"\x84\x00\x00\x17" + b"def"
        + b"\xc6" + b"v" * 44
    )  # fmt: skip
    assert read_all(data) == [(8, 1, 33, b"abc"), (8, 1, 56, b"def"), (9, 1, 40, b"v" * 300)]


def test_type_3_repeats_the_delta_for_a_new_message() -> None:
    """A message without a header of its own is as far behind the last as that was (5.3.1.2.4)."""
    data = b"\x04" + full(5000, 1) + b"a" + b"\x84\x00\x00\x14" + b"b" + b"\xc4c" + b"\xc4d"
    assert [stamp for _, _, stamp, _ in read_all(data)] == [5000, 5020, 5040, 5060]


@pytest.mark.parametrize(("first", "second"), [(0, 0), (20, 40), (1000, 2000), (1001, 1001), (90_000, 90_000)])
def test_type_3_behind_a_full_header_takes_only_a_plausible_delta(first: int, second: int) -> None:
    """FMLE's 0xC4: the timestamp is the delta as the specification says, unless it is absurd as one."""
    data = b"\x04" + full(first, 1) + b"a" + b"\xc4b"
    assert [stamp for _, _, stamp, _ in read_all(data)] == [first, second]


def test_librtmp_ping_with_type_1_on_a_fresh_chunk_stream() -> None:
    """0x42, type 1 on an id never used, is taken as from timestamp and stream zero."""
    data = b"\x42" + (5).to_bytes(3, "big") + (6).to_bytes(3, "big") + b"\x04" + b"\x00\x06\x00\x00\x00\x01"
    assert read_all(data) == [(4, 0, 5, b"\x00\x06\x00\x00\x00\x01")]


@pytest.mark.parametrize("first", [b"\x85\x00\x00\x00", b"\xc5"])
def test_fresh_chunk_stream_without_a_length_is_refused(first: bytes) -> None:
    """Types 2 and 3 on an id never used say nothing that could be read."""
    with pytest.raises(ProtocolError, match="chunk stream 5"):
        read_all(first)


STAMP = 0x01020304
EXTENDED = STAMP.to_bytes(4, "big")


@pytest.mark.parametrize("repeat", [EXTENDED, b""])
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_extended_timestamp_with_and_without_repetition(repeat: bytes, step: int) -> None:
    """Type 3 chunks may repeat the extended timestamp or leave it out; the payload comes out whole either way."""
    data = b"\x06" + full(0xFFFFFF, 258) + EXTENDED + b"v" * 128 + b"\xc6" + repeat + b"v" * 128
    data += b"\xc6" + repeat + b"vv" + b"\x04" + full(1, 1, kind=8) + b"a"
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    assert read(ChunkReader(), *pieces) == [(9, 1, STAMP, b"v" * 258), (8, 1, 1, b"a")]


def test_short_end_without_repetition_is_not_held_back() -> None:
    """Two bytes that cannot be the start of the repeated timestamp end the message at once."""
    data = b"\x06" + full(0xFFFFFF, 130) + EXTENDED + b"v" * 128 + b"\xc6" + b"vv"
    assert read_all(data) == [(9, 1, STAMP, b"v" * 130)]


@pytest.mark.parametrize("repeat", [(0x01000000).to_bytes(4, "big"), (0x01000005).to_bytes(4, "big"), b""])
def test_extended_delta_is_a_delta(repeat: bytes) -> None:
    """In types 1 and 2 the extended field is a delta too; type 3 may repeat it, the absolute time, or nothing."""
    data = b"\x06" + full(5, 1) + b"a"
    data += b"\x86\xff\xff\xff\x01\x00\x00\x00" + b"b"
    assert read_all(data)[-1] == (9, 1, 0x01000005, b"b")
    longer = b"\x46\xff\xff\xff" + (200).to_bytes(3, "big") + b"\x09\x01\x00\x00\x00" + b"v" * 128
    data = b"\x06" + full(5, 1) + b"a" + longer + b"\xc6" + repeat + b"v" * 72
    assert read_all(data)[-1] == (9, 1, 0x01000005, b"v" * 200)


def test_timestamps_wrap_at_32_bits() -> None:
    """A delta across 2^32 gives the small number that follows."""
    data = b"\x06" + full(0xFFFFFF, 1) + b"\xff\xff\xff\xf0" + b"a" + b"\x86\x00\x00\x20" + b"b"
    assert [stamp for _, _, stamp, _ in read_all(data)] == [0xFFFFFFF0, 0x10]


def test_chunk_size_changes_in_mid_stream() -> None:
    """Set Chunk Size holds from the very next chunk, in the middle of another message too."""
    grow = b"\x02" + full(0, 4, kind=1, stream=0) + (500).to_bytes(4, "big")
    data = b"\x06" + full(0, 600) + b"v" * 128 + grow + b"\xc6" + b"v" * 472
    assert read_all(data) == [(9, 1, 0, b"v" * 600)]


@pytest.mark.parametrize("size", [0, 0x80000000])
def test_impossible_chunk_size_is_refused(size: int) -> None:
    """Zero and a set high bit are violations (5.4.1)."""
    with pytest.raises(ProtocolError, match="chunk size"):
        read_all(b"\x02" + full(0, 4, kind=1, stream=0) + size.to_bytes(4, "big"))


def test_abort_drops_the_unfinished_message() -> None:
    """After Abort the chunk stream begins anew, and the other streams do not notice (5.4.2)."""
    abort = b"\x02" + full(0, 4, kind=2, stream=0) + (6).to_bytes(4, "big")
    data = b"\x06" + full(0, 300) + b"v" * 128 + abort + b"\x06" + full(9, 2) + b"ok"
    reader = ChunkReader()
    assert read(reader, data) == [(9, 1, 9, b"ok")]
    assert reader.abandoned == 1


def test_empty_message_is_a_message() -> None:
    """A length of zero ends with its header."""
    assert read_all(b"\x06" + full(3, 0) + b"\xc6") == [(9, 1, 3, b""), (9, 1, 6, b"")]


def test_limits_hold_before_memory_is_taken() -> None:
    """A message, the sum of unfinished messages, and the number of chunk streams are bounded."""
    with pytest.raises(ProtocolError, match="message of 16777215 bytes"):
        read_all(b"\x06" + full(0, 0xFFFFFF))
    reader = ChunkReader(Limits(assembling_bytes=1000))
    with pytest.raises(ProtocolError, match="unfinished"):
        read(reader, *(bytes((csid,)) + full(0, 500) + bytes(128) for csid in range(3, 20)))
    with pytest.raises(ProtocolError, match="more than 64 chunk streams"):
        read(ChunkReader(), *(b"\x00" + bytes((csid,)) + full(0, 1) + b"a" for csid in range(65)))


@given(st.binary(max_size=2000), st.integers(1, 50))
def test_random_bytes_give_messages_or_a_protocol_error(data: bytes, step: int) -> None:
    """Nothing a peer sends raises anything else, and nothing is kept beyond what came."""
    reader = ChunkReader()
    try:
        seen = read(reader, *(data[at : at + step] for at in range(0, len(data), step)))
    except ProtocolError:
        return
    assert sum(len(payload) for _, _, _, payload in seen) + reader.waiting <= len(data)
