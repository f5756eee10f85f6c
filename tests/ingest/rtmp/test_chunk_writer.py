"""services.ingest.rtmp.chunk_writer: the exact bytes (that they read back is test_chunk_reader's)"""

import pytest

from services.ingest.rtmp import messages
from services.ingest.rtmp.chunk_writer import ChunkWriter
from services.ingest.rtmp.messages import Message


def audio(stamp: int, body: bytes = b"ab", stream: int = 1) -> Message:
    return Message(8, stream, stamp, body)


def test_headers_shrink_as_far_as_the_last_message_allows() -> None:
    """Type 0 first, then 1, 2 and 3 as length, type and delta repeat (5.3.1.2)."""
    writer = ChunkWriter()
    sent = [audio(10), audio(30, b"abc"), audio(53, b"abc"), audio(76, b"abc")]
    assert [writer.write(4, message).hex(" ") for message in sent] == [
        "04 00 00 0a 00 00 02 08 01 00 00 00 61 62",
        "44 00 00 14 00 00 03 08 61 62 63",
        "84 00 00 17 61 62 63",
        "c4 61 62 63",
    ]


@pytest.mark.parametrize("second", [audio(5), audio(20, stream=2)])
def test_step_back_or_other_stream_needs_a_full_header(second: Message) -> None:
    """Only type 0 can go back in time or change the message stream."""
    writer = ChunkWriter()
    writer.write(4, audio(10))
    assert writer.write(4, second)[0] == 0x04


def test_type_3_is_not_used_behind_a_full_header() -> None:
    """What type 3 means there is disputed, so even an equal delta is spelled out."""
    writer = ChunkWriter()
    writer.write(4, audio(20))
    assert writer.write(4, audio(40))[0] == 0x84


def test_server_headers_are_always_full() -> None:
    """Without shortening no message depends on another."""
    writer = ChunkWriter(shortens=False)
    assert {writer.write(3, audio(10))[0] for _ in range(4)} == {0x03}


def test_long_message_repeats_its_extended_timestamp_in_each_chunk() -> None:
    """5.3.1.3: the four bytes stand in the continuations too."""
    data = ChunkWriter().write(6, Message(9, 1, 0x01020304, bytes(200)))
    assert data[:16].hex() == "06ffffff0000c8090100000001020304"
    assert data[16 + 128 : 16 + 128 + 5].hex() == "c601020304"


def test_chunk_size_follows_the_message_that_announces_it() -> None:
    """The announcement itself has the old size, what follows the new one."""
    writer = ChunkWriter()
    writer.write(2, messages.set_chunk_size(300))
    assert len(writer.write(4, audio(0, bytes(300)))) == 12 + 300
