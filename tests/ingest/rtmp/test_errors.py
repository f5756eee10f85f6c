"""Errors that carry more than their text."""

from services.common.media.unit import Track
from services.ingest.rtmp.errors import ProtocolError, UnsupportedCodecError


def test_foreign_codec_is_the_peers_fault_and_names_track_and_codec() -> None:
    """Who catches it as any fault of the peer's has its words, who asks has the codec."""
    error = UnsupportedCodecError("MP3 audio is not supported", Track.AUDIO, "MP3")

    assert isinstance(error, ProtocolError)
    assert (str(error), error.track, error.codec) == ("MP3 audio is not supported", Track.AUDIO, "MP3")
