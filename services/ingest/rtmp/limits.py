"""Every bound of an RTMP connection, with its reason.

A stranger (nobody who has shown a key yet) gets what an honest encoder needs and no more: connect, createStream and
publish are under 4 KB together, so a thousand strangers cost megabytes and not gigabytes.
"""

from dataclasses import dataclass

KB = 1024
MB = 1024 * KB


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds of the caller's clock."""

    stranger_bytes: int = 64 * KB
    """All that may arrive before publish is accepted, handshake included; also what may wait unread for the answer."""
    stranger_message_bytes: int = 16 * KB
    """One message of a stranger: the longest connect command seen in the field (signed query strings) is under 4 KB."""
    message_bytes: int = 10 * MB
    """One message of a publisher: a lossless 4K keyframe fits; MediaMTX and SRS draw the line at the same place."""
    assembling_bytes: int = 16 * MB
    """Unfinished messages of all chunk streams together, else 64 interleaved ones would hold 640 MB."""
    command_bytes: int = 64 * KB
    """One command or data message: values cost many times their bytes once parsed."""
    chunk_streams: int = 64
    """Chunk stream ids in use: encoders use four to six, each costs us about 300 bytes."""
    message_streams: int = 8
    """Streams by createStream: one is needed, some encoders open a second after a failed publish."""
    value_depth: int = 16
    """Nesting of AMF values, which are parsed by recursion."""
    value_count: int = 1024
    """AMF values in one message: onMetaData has about 30, and a value costs up to 100 bytes."""
    output_bytes: int = 256 * KB
    """What waits for data_to_send: a peer that provokes answers and never reads them ends here."""
    warnings: int = 16
    """Warnings a connection may cause: each is told once, so that a broken encoder cannot fill a log."""
    handshake_s: float = 20.0
    """From the connection to the end of the handshake: 3 KB over the worst mobile uplink."""
    publish_s: float = 20.0
    """From the handshake (or the last unpublish) to the publish command: three round trips."""
    decision_s: float = 15.0
    """From the publish command to our own answer: it is ours to fail, not the encoder's."""
    first_media_s: float = 30.0
    """From acceptance to the first unit: encoders that open their camera late, and GOPs of 20 s."""
    idle_s: float = 10.0
    """Between units of a publisher: half-open sockets must go before a viewer's patience does."""


DEFAULT_LIMITS = Limits()
