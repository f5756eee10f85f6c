"""The smallest media that is media: a configuration of each codec and units of one byte of picture."""

SPS, PPS = b"\x67\x64\x00\x1f\xac", b"\x68\xeb"
AVC_RECORD = (
    b"\x01\x64\x00\x1f\xff\xe1"
    + len(SPS).to_bytes(2, "big") + SPS + b"\x01" + len(PPS).to_bytes(2, "big") + PPS
)  # fmt: skip
AAC_RECORD = b"\x12\x10"

RECOVERY_NOW = b"\x06\x06\x01\x80\x80"
"""SEI recovery point, recovery_frame_cnt 0."""
RECOVERY_LATER = b"\x06\x06\x02\x08\x40\x80"
"""SEI recovery point, recovery_frame_cnt 3."""


def unit(*nals: bytes) -> bytes:
    """An access unit of NAL units with lengths of four bytes."""
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)


def idr(fill: bytes = b"\x88") -> bytes:
    return unit(b"\x09\xf0", b"\x65" + fill)


def picture(fill: bytes = b"\x9a") -> bytes:
    return unit(b"\x41" + fill)
