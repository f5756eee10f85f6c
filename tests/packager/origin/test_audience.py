"""Who watches: counted apart where they can be told apart, and named nowhere."""

from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING, cast

from headwater.internal.v1.facts_pb2 import Fact
from services.common.clock import ManualClock
from services.common.proxies import Proxies
from services.packager.http import Request
from services.packager.http.fields import Fields
from services.packager.origin.audience import Audience

if TYPE_CHECKING:
    from services.common.bus.facts import FactPublisher

BROADCAST, LIVESTREAM = "b" * 32, "1" * 32
PROXIES = Proxies([ip_network("10.9.0.0/16")])


class _Directory:
    """Knows one broadcast."""

    def livestream_of(self, wanted: str) -> str | None:
        return LIVESTREAM if wanted == BROADCAST else None


@dataclass
class _Facts:
    """Keeps what is said."""

    said: list[Fact] = field(default_factory=list)

    def publish(self, _subject: str, payload: bytes, _msg_id: str) -> None:
        self.said.append(Fact.FromString(payload))


def _audience(facts: _Facts, *, key: bytes = b"k" * 32) -> Audience:
    publisher = cast("FactPublisher", facts)
    return Audience(_Directory(), publisher, ManualClock(), origin="origin", interval_s=5, key=key, proxies=PROXIES)


def _request(path: str, *, peer: str = "10.0.0.1", **names: str) -> Request:
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in names.items()]
    return Request("GET", path.encode(), Fields(lines, has_body=False), peer)


def _viewers(facts: _Facts) -> list[int]:
    return [viewer for fact in facts.said for found in fact.viewers_seen.audiences for viewer in found.viewers]


def test_viewers_of_one_address_are_told_apart_by_their_sessions() -> None:
    """A household or an office is more than one viewer; one who fetches much is one."""
    facts = _Facts()
    audience = _audience(facts)
    for session in ("a", "b", "a"):
        audience.note(_request(f"/{BROADCAST}/video/1.m4s", x_playback_session_id=session, user_agent="x"), 200, 1)
    audience.note(_request(f"/{BROADCAST}/video.m3u8", peer="10.0.0.2", user_agent="x"), 200, 1)
    audience.say_now()

    assert len(set(_viewers(facts))) == 3


def test_viewers_behind_a_proxy_of_ours_are_told_apart_by_their_own_addresses() -> None:
    """A CDN is not one viewer; and what a stranger says of himself makes no more of him."""
    facts = _Facts()
    audience = _audience(facts)
    for peer in ("10.9.0.1", "10.0.0.1"):
        for forwarded in ("192.0.2.1", "192.0.2.2"):
            asked = _request(f"/{BROADCAST}/video/1.m4s", peer=peer, x_forwarded_for=forwarded, user_agent="x")
            audience.note(asked, 200, 1)
    audience.say_now()

    assert len(set(_viewers(facts))) == 3


def test_pages_errors_and_strange_ids_are_no_viewers() -> None:
    """Only who gets media or its playlist of a broadcast that is known here watches."""
    facts = _Facts()
    audience = _audience(facts)
    audience.note(_request(f"/{BROADCAST}/watch"), 200, 1)
    audience.note(_request(f"/{BROADCAST}/video/1.m4s"), 404, 1)
    audience.note(_request(f"/{'c' * 32}/video/1.m4s"), 200, 1)
    audience.say_now()

    assert _viewers(facts) == []


def test_what_is_said_depends_on_the_installations_key() -> None:
    """Nobody without the key can try addresses until one fits."""
    said = []
    for key in (b"k" * 32, b"l" * 32):
        facts = _Facts()
        audience = _audience(facts, key=key)
        audience.note(_request(f"/{BROADCAST}/video/1.m4s"), 200, 1)
        audience.say_now()
        said.append(_viewers(facts))

    assert said[0] != said[1]
    assert all(len(viewers) == 1 for viewers in said)
