# ruff: noqa: N818  these are states of the bus that a caller reacts to; short names read better in an except
"""What can go wrong on the bus, as far as a caller acts on it."""


class BusError(Exception):
    """The bus did not do what was asked."""


class Unavailable(BusError):
    """NATS is away, too slow or without a leader: whether it was done is not known. The same call may succeed later."""


class WrongSequence(BusError):
    """The last message of the subject is not the one expected (err_code 10071), or the write itself was repeated."""


class Exists(BusError):
    """The key is there already."""


class Stale(BusError):
    """The key has another revision than the one expected."""


class TooLarge(BusError):
    """The message is above the server's `max_payload`."""


class Refused(BusError):
    """The server understood and will not: a wrong configuration, a missing stream. Repeating does not help."""

    def __init__(self, code: int, err_code: int, description: str) -> None:
        super().__init__(f"{description} (code {code}, err_code {err_code})")
        self.code = code
        self.err_code = err_code
