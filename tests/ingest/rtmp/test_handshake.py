"""services.ingest.rtmp.handshake"""

import hmac

import pytest

from services.ingest.rtmp import handshake
from services.ingest.rtmp.errors import ProtocolError
from services.ingest.rtmp.handshake import DIGEST_SIZE, SIZE, Handshake

C1 = bytes(range(256)) * 6


def _c1_with_digest(base: int) -> bytes:
    block = bytes((0, 0, 0, 9, 9, 0, 124, 2)) + C1[8:]
    offset = handshake.digest_offset(block, base)
    digest = handshake.digest_of(block, offset, b"Genuine Adobe Flash Player 001")
    return block[:offset] + digest + block[offset + DIGEST_SIZE :]


def test_simple_c1_is_echoed_in_s2() -> None:
    """A C1 without a digest gets S0 of version 3, an S1 of version 0 and itself."""
    reply = handshake.answer(C1)
    assert len(reply) == 1 + 2 * SIZE
    assert reply[0] == 3
    assert reply[5:9] == bytes(4)
    assert reply[1 + SIZE :] == C1


@pytest.mark.parametrize("base", [8, 772])
def test_digest_c1_gets_digests_a_client_can_check(base: int) -> None:
    """In both schemas S1 carries the server's digest and S2 is sealed with the client's, as librtmp checks them."""
    c1 = _c1_with_digest(base)
    found = handshake.find_digest(c1)
    assert found is not None
    assert found[0] == base
    reply = handshake.answer(c1)
    s1, s2 = reply[1 : 1 + SIZE], reply[1 + SIZE :]
    offset = handshake.digest_offset(s1, base)
    name = b"Genuine Adobe Flash Media Server 001"
    assert s1[offset : offset + DIGEST_SIZE] == handshake.digest_of(s1, offset, name)
    key = name + bytes.fromhex("f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae")
    seal = hmac.digest(hmac.digest(key, found[1], "sha256"), s2[:-DIGEST_SIZE], "sha256")
    assert s2[-DIGEST_SIZE:] == seal


@pytest.mark.parametrize("first", [1, 2, 517])
def test_tls_is_refused_in_words(first: int) -> None:
    """An encoder set to RTMPS is told of at once, and not after the time a handshake may take."""
    hello = bytes.fromhex("1603010200010001fc0303") + bytes(506)
    hands = Handshake()
    if first == 1:
        assert hands.receive_data(hello[:1]) == b""
    with pytest.raises(ProtocolError, match="RTMPS"):
        hands.receive_data(hello[1:] if first == 1 else hello[:first])


@pytest.mark.parametrize("version", [0, 3, 6, 31, 255])
def test_any_c0_version_is_answered_with_three(version: int) -> None:
    """A C0 of another version does not end the handshake (5.2.2)."""
    hands = Handshake()
    assert hands.receive_data(bytes((version,)) + C1)[0] == 3
    assert not hands.is_done
    hands.receive_data(bytes(SIZE))
    assert hands.is_done


@pytest.mark.parametrize("step", [1, 7, 1536, 1537, 5000])
def test_any_split_answers_once_and_keeps_what_follows(step: int) -> None:
    """However the bytes are cut, there is one answer and the bytes behind C2 come out."""
    hands, replies = Handshake(), b""
    data = b"\x03" + C1 + bytes(SIZE) + b"chunks"
    for at in range(0, len(data), step):
        replies += hands.receive_data(data[at : at + step])
    assert replies == handshake.answer(C1)
    assert hands.is_done
    assert hands.take_rest() == b"chunks"
