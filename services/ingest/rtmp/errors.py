"""Whose fault it is."""


class ProtocolError(Exception):
    """The peer broke the protocol or a limit. The text is shown to operators, so it holds no key and no payload."""


class LocalProtocolError(Exception):
    """Our own side asked for what the session's state does not allow: a programming error of the caller."""
