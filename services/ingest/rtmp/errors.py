"""Whose fault it is."""


class ProtocolError(Exception):
    """The peer broke the protocol or a limit. The text is shown to operators, so it holds no key and no payload."""


class UnsupportedVideoError(ProtocolError):
    """The encoder's picture is in a codec we do not take: to go on with the sound alone would be a silent failure."""


class LocalProtocolError(Exception):
    """Our own side asked for what the session's state does not allow: a programming error of the caller."""
