"""The only file that spells a NATS subject, stream or bucket. Pure.

Lower case, dots, general to particular, identifier last. docs/subjects.md says who says and who hears what.
"""

from dataclasses import dataclass

FACTS = "FACTS"
"""The stream of all facts."""

LIVESTREAMS = "livestreams"
KEYS = "keys"
BROADCASTS = "broadcasts"
MEDIA = "media"
TOKENS = "tokens"
TENANTS = "tenants"
APPS = "apps"
ONAIR = "onair"
PLAYBACK = "playback"
JOBS = "jobs"
LEASES = "leases"
WEBHOOKS = "webhooks"
DELIVERIES = "deliveries"
WEBHOOK_KEYS = "webhook-keys"
WEBHOOK_STATES = "webhook-states"
POLICIES = "policies"
SIGNING_KEYS = "signing-keys"
UPLOADS = "uploads"

SOURCE_GROUP = "source"
"""The group of renditions that the packager itself writes; each transcoder will have one of its own."""


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """A JetStream stream and what it takes in."""

    name: str
    subjects: tuple[str, ...]


def media_stream(shard: int) -> StreamSpec:
    """What encoders sent, shard by shard."""
    return StreamSpec(f"MEDIA-{shard}", (f"media.{shard}.>",))


def cmaf_stream(shard: int) -> StreamSpec:
    """What packagers made of it, shard by shard."""
    return StreamSpec(f"CMAF-{shard}", (f"cmaf.{shard}.>",))


def facts_stream() -> StreamSpec:
    return StreamSpec(FACTS, ("facts.>",))


def media(shard: int, instance: str, broadcast: str) -> str:
    """One instance's media log; instance "*" reads both."""
    return f"media.{shard}.{instance}.{broadcast}"


def instance_of(media_subject: str) -> str:
    """Inverse of `media`: which instance a media message came from."""
    return media_subject.split(".")[2]


def ticks(shard: int, broadcast: str, group: str = SOURCE_GROUP) -> str:
    """One group's ticks of a broadcast: one total order, one writer."""
    return f"cmaf.{shard}.{broadcast}.{group}"


def segments(shard: int | str, broadcast: str = "*") -> str:
    """Closed segments of a broadcast, the archiver's work."""
    return f"cmaf.{shard}.{broadcast}.segment"


def fact(kind: str, livestream: str) -> str:
    """`kind` is the field name in `Fact`; a fact about no livestream is said under "none"."""
    return f"facts.{kind}.{livestream or 'none'}"
