"""C0, C1, C2 in; S0, S1, S2 out (RTMP 1.0, 5.2), simple and with Adobe's digests.

The digests prove nothing and protect nothing, but librtmp leaves a server whose digest is wrong. They lie in C1 at
one of two places ("schemas"); a C1 with neither gets the plain echo. S1's filling only has to differ between
connections, so it is drawn from C1 itself and this module needs no source of chance.
"""

import hashlib
import hmac

from services.ingest.rtmp.errors import ProtocolError

SIZE = 1536
"""Bytes of C1, C2, S1 and S2."""
VERSION = 3
DIGEST_SIZE = 32

_TLS_HELLO = b"\x16\x03"
"""How a TLS record with a ClientHello begins (RFC 8446, 5.1); no version of RTMP is 22."""
_CLIENT_KEY = b"Genuine Adobe Flash Player 001"
_SERVER_NAME = b"Genuine Adobe Flash Media Server 001"
_SERVER_KEY = _SERVER_NAME + bytes.fromhex("f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae")
_SERVER_VERSION = bytes((4, 5, 0, 1))
"""Any version but zero: zero tells librtmp that we have no digest."""
_SCHEMA_BASES = (8, 772)
"""Where the four bytes lie whose sum says where the digest is; encoders choose, we answer in their schema."""


def digest_offset(block: bytes, base: int) -> int:
    """Where the digest of C1 or S1 lies, for the schema with this base."""
    return sum(block[base : base + 4]) % 728 + base + 4


def digest_of(block: bytes, offset: int, key: bytes) -> bytes:
    """HMAC-SHA256 over the block without the 32 bytes at the offset."""
    return hmac.digest(key, block[:offset] + block[offset + DIGEST_SIZE :], "sha256")


def find_digest(c1: bytes) -> tuple[int, bytes] | None:
    """The schema's base and the digest of C1, or None for a simple handshake."""
    for base in _SCHEMA_BASES:
        offset = digest_offset(c1, base)
        digest = c1[offset : offset + DIGEST_SIZE]
        if hmac.compare_digest(digest, digest_of(c1, offset, _CLIENT_KEY)):
            return base, digest
    return None


def _filling(c1: bytes, name: bytes, size: int) -> bytes:
    return hashlib.shake_256(name + c1).digest(size)


def _simple_answer(c1: bytes) -> bytes:
    return bytes((VERSION,)) + bytes(8) + _filling(c1, b"S1", SIZE - 8) + c1


def _digest_answer(c1: bytes, base: int, digest: bytes) -> bytes:
    s1 = bytes(4) + _SERVER_VERSION + _filling(c1, b"S1", SIZE - 8)
    offset = digest_offset(s1, base)
    s1 = s1[:offset] + digest_of(s1, offset, _SERVER_NAME) + s1[offset + DIGEST_SIZE :]
    s2 = _filling(c1, b"S2", SIZE - DIGEST_SIZE)
    seal = hmac.digest(hmac.digest(_SERVER_KEY, digest, "sha256"), s2, "sha256")
    return bytes((VERSION,)) + s1 + s2 + seal


def answer(c1: bytes) -> bytes:
    """S0, S1 and S2 for this C1."""
    found = find_digest(c1)
    return _digest_answer(c1, *found) if found else _simple_answer(c1)


class Handshake:
    """The server's half. C2 is not compared: encoders exist that echo nothing sensible, and it proves nothing."""

    def __init__(self) -> None:
        self.is_done = False
        self._received = bytearray()
        self._is_answered = False

    def receive_data(self, data: bytes) -> bytes:
        """Take bytes and return what to send now. Any C0 version is answered with ours (5.2.2).

        ProtocolError for TLS, which would wait for an answer that never comes.
        """
        self._received += data
        if not self._is_answered and self._received.startswith(_TLS_HELLO):
            raise ProtocolError("the encoder speaks TLS: RTMPS is not served, send to rtmp:// instead")
        reply = b""
        if not self._is_answered and len(self._received) > SIZE:
            reply = answer(bytes(self._received[1 : 1 + SIZE]))
            self._is_answered = True
        self.is_done = len(self._received) >= 1 + 2 * SIZE
        return reply

    def take_rest(self) -> bytes:
        """The bytes that came behind C2."""
        rest = bytes(self._received[1 + 2 * SIZE :])
        self._received = bytearray()
        return rest
