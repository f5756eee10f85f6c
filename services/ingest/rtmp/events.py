"""What a session tells its shell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from services.common.media.unit import Config, Track, Unit
from services.ingest.rtmp.amf0 import Value

Fault = Literal["peer", "local"]


@dataclass(frozen=True, slots=True)
class PublishRequested:
    """The encoder wants to publish: answer with accept() or reject(). What may hold a key stays out of repr."""

    app: str = field(repr=False)
    """The app as sent, query included: some encoders put the key here."""
    stream_name: str = field(repr=False)
    """The stream name as sent, query included."""
    tcurl: str = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    """Query parameters of the stream name, the app and tcUrl, decoded; the first of a name wins."""
    publish_type: str
    """live, record or append, as sent; empty when missing."""
    encoder: str
    """flashVer: what the encoder says it is, at most 128 characters."""
    candidates: tuple[str, ...] = field(repr=False)
    """What may be the stream key, likeliest first, at most names.MOST_CANDIDATES, each decoded: try them in order."""


@dataclass(frozen=True, slots=True)
class ConfigReceived:
    """A track's decoder configuration: the first, or one that differs from the last."""

    config: Config


@dataclass(frozen=True, slots=True)
class MetadataReceived:
    """onMetaData: a hint for people, never trusted for codecs."""

    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Warned:
    """Something was ignored or mended; told once per kind and connection."""

    text: str


@dataclass(frozen=True, slots=True)
class CodecRefused:
    """A track comes in a codec that is not taken; Closed follows."""

    track: Track
    codec: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unpublished:
    """The encoder ended its stream politely; the connection stays and may publish again."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The last event. Flush data_to_send(), then close the socket."""

    reason: str
    fault: Fault
    clean: bool
    """True if the encoder had unpublished, or we closed by our own wish."""


Event = PublishRequested | ConfigReceived | Unit | MetadataReceived | Warned | CodecRefused | Unpublished | Closed
"""A unit speaks for itself: nothing is made around what comes 77 times a second. Its track's config was told before."""
