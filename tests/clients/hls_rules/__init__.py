"""A rule checker of RFC 8216bis playlists, written apart from the renderer so that both cannot be wrong alike.

`check_playlist` judges one version, `check_history` the versions of one media playlist one after the other,
`check_delta` a delta update between two full ones, `check_renditions` the playlists of one broadcast side by side.
Each answers with the violations, empty when all is well.
Rules of section "house" are ours: MSN to URI one to one, MAP said again at a discontinuity.
"""

from collections.abc import Iterable, Mapping

from tests.clients.hls_rules.delta_rules import DELTA, Update
from tests.clients.hls_rules.history_rules import HISTORY, History, Version
from tests.clients.hls_rules.low_latency_rules import LOW_LATENCY
from tests.clients.hls_rules.media_rules import MEDIA
from tests.clients.hls_rules.multivariant_rules import MULTIVARIANT
from tests.clients.hls_rules.reader import read
from tests.clients.hls_rules.rendition_rules import RENDITIONS, Renditions
from tests.clients.hls_rules.rule import Rule, Violation
from tests.clients.hls_rules.syntax_rules import SYNTAX, is_multivariant

__all__ = ["Rule", "Violation", "check_delta", "check_history", "check_playlist", "check_renditions", "rule_names"]


def check_playlist(text: str) -> list[Violation]:
    """Violations in one playlist, media (full or delta update) or multivariant."""
    playlist = read(text)
    found = SYNTAX.violations(playlist)
    if is_multivariant(playlist):
        return found + MULTIVARIANT.violations(playlist)
    return found + MEDIA.violations(playlist) + LOW_LATENCY.violations(playlist)


def check_history(versions: Iterable[tuple[float, str]], *, grace_s: float | None = None) -> list[Violation]:
    """Violations across full versions of one media playlist, each with the second it came.

    With `grace_s` the clock is judged too: 1.5 target durations a segment, one part target a part, each and so
    much more. Leave it out where the encoder was away.
    """
    seen = [Version(at, read(text)) for at, text in versions]
    return HISTORY.violations(History(seen, grace_s))


def check_delta(older: str, update: str, newer: str) -> list[Violation]:
    """Violations of an update that a client with the full `older` applies to arrive at the full `newer`."""
    return DELTA.violations(Update(read(older), read(update), read(newer)))


def check_renditions(texts: Mapping[str, str]) -> list[Violation]:
    """Violations between media playlists read at about the same time, by the URI their reports use."""
    return RENDITIONS.violations(Renditions({uri: read(text) for uri, text in texts.items()}))


def rule_names() -> set[str]:
    """Names of all rules: the tests show for each that it can be broken."""
    books = (SYNTAX, MEDIA, LOW_LATENCY, MULTIVARIANT, HISTORY, DELTA, RENDITIONS)
    return {rule.name for book in books for rule in book.rules}
