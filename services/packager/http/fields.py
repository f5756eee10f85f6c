"""The header section of a request: what of it an origin decides by, read once (RFC 9110). Pure."""

from collections.abc import Iterable

KEPT = frozenset(
    {
        "accept-encoding",
        "authorization",
        "cmcd-session",
        "cookie",
        "host",
        "if-none-match",
        "if-range",
        "origin",
        "range",
        "referer",
        "traceparent",
        "user-agent",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-playback-session-id",
    }
)
"""Fields that handlers may ask for; all others are checked and forgotten."""


class Fields:
    """One header section. Connections whose clients send the same bytes share one object, so it never changes."""

    __slots__ = (
        "accepts_gzip",
        "closes",
        "has_body",
        "has_expectation",
        "host_count",
        "if_none_match",
        "if_range",
        "is_plain",
        "keeps_alive",
        "range",
        "values",
    )

    def __init__(self, lines: Iterable[tuple[bytes, bytes]], *, has_body: bool) -> None:
        joined: dict[str, str] = {}
        self.host_count = 0
        for raw_name, raw_value in lines:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip()
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
            self.host_count += name == "host"
        self.values = {name: joined[name] for name in KEPT.intersection(joined)}
        """Kept fields by lower-case name; repeated ones joined by a comma (RFC 9110, 5.2)."""
        connection = [token.strip() for token in joined.get("connection", "").lower().split(",")]
        self.closes = "close" in connection
        self.keeps_alive = "keep-alive" in connection
        self.has_body = has_body
        self.has_expectation = joined.get("expect", "").lower() not in ("", "100-continue")
        self.accepts_gzip = accepts_gzip(self.values.get("accept-encoding", ""))
        self.range = self.values.get("range")
        self.if_range = self.values.get("if-range")
        self.if_none_match = self.values.get("if-none-match")
        self.is_plain = self.range is None and self.if_none_match is None
        """Neither conditional nor partial: the answer is the whole."""


def accepts_gzip(accept_encoding: str) -> bool:
    """True if the client takes gzip (RFC 9110, 12.5.3); a weight that cannot be read counts as 0."""
    by_star = False
    for item in accept_encoding.lower().split(","):
        coding, _, parameter = item.partition(";")
        name = coding.strip()
        if name in ("gzip", "x-gzip"):
            return _has_weight(parameter)
        if name == "*":
            by_star = _has_weight(parameter)
    return by_star


def matches_tag(if_none_match: str, tag: str) -> bool:
    """True if one of the listed entity tags is `tag`, compared weakly (RFC 9110, 13.1.2)."""
    wanted = tag.removeprefix("W/")
    listed = (item.strip().removeprefix("W/") for item in if_none_match.split(","))
    return if_none_match.strip() == "*" or wanted in listed


def _has_weight(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    if not name.strip():
        return True
    try:
        return name.strip() == "q" and 0 < float(value) <= 1
    except ValueError:
        return False
