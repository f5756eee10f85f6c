"""Whose fault it is."""

from services.common.media.unit import Track


class ProtocolError(Exception):
    """The peer broke the protocol or a limit. The text is shown to operators, so it holds no key and no payload."""


class UnsupportedCodecError(ProtocolError):
    """A track is in a codec we do not take: to go on with the other one alone would be a silent failure."""

    def __init__(self, text: str, track: Track, codec: str) -> None:
        super().__init__(text)
        self.track = track
        self.codec = codec


class ClockError(ProtocolError):
    """The encoder's timestamps say nothing."""


class LocalProtocolError(Exception):
    """Our own side asked for what the session's state does not allow: a programming error of the caller."""
