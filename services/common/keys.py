"""The only file that spells an object key in the store. Pure.

Every key of a recording begins with its unguessable prefix; an object's contents never change.
"""

import re


def segment(prefix: str, rendition: str, msn: int) -> str:
    """A segment's bytes: its parts joined, exactly as viewers fetched them live."""
    return f"{prefix}/{rendition}/{msn}.m4s"


def init(prefix: str, rendition: str, init_id: str) -> str:
    return f"{prefix}/{rendition}/init-{init_id}.mp4"


def rendition(prefix: str, rendition: str, init_id: str) -> str:
    """A `Rendition` message beside its init segment, until an index object holds it too."""
    return f"{prefix}/{rendition}/init-{init_id}.bin"


def index(prefix: str, number: int) -> str:
    """The `number`-th index object, from 0; each holds `INDEX_SEGMENTS` segments, the last one fewer."""
    return f"{prefix}/index/{number:06d}.bin"


def segment_record(prefix: str, msn: int) -> str:
    """A `Segment` message beside its bytes, until an index object holds it too."""
    return f"{prefix}/segment/{msn}.bin"


def segment_records(prefix: str) -> str:
    """What all keys of segment records begin with."""
    return f"{prefix}/segment/"


def recording(prefix: str) -> str:
    """Written last: its presence says that the recording is complete."""
    return f"{prefix}/recording.bin"


def download(prefix: str, file_format: str) -> str:
    return f"{prefix}/download/{file_format.lower()}"


def captions(prefix: str, language: str, name: str) -> str:
    """WebVTT; `name` is new with each upload."""
    return f"{prefix}/captions/{language}-{name}.vtt"


def thumbnail(livestream: str, name: str) -> str:
    """One that was uploaded for a livestream; `name` is unguessable and new with each upload."""
    return f"{thumbnails(livestream)}{name}.jpg"


def thumbnails(livestream: str) -> str:
    """What the keys of all that were ever uploaded for a livestream begin with."""
    return f"thumbnails/{livestream}/"


def media_thumbnail(prefix: str, name: str) -> str:
    """One that was uploaded for a recording; `name` is new with each upload."""
    return f"{prefix}/thumbnail/{name}.jpg"


def statistics(livestream: str) -> str:
    """What all keys of a livestream's samples begin with."""
    return f"statistics/{livestream}/"


def samples(livestream: str, instance: str) -> str:
    """What all keys of one instance's samples begin with."""
    return f"{statistics(livestream)}{instance}/"


def sample_block(livestream: str, instance: str, first_s: int, last_s: int, digest: str) -> str:
    """A block of samples, the first and the last of which are of these times (Unix seconds).

    Newer blocks stand before older ones, because a store lists in the order of keys and history is read from its end.
    `digest` is of the contents, so that what has the same name is the same.
    """
    return f"{samples_until(livestream, instance, last_s)}-{first_s}-{digest}.bin"


def samples_until(livestream: str, instance: str, last_s: int) -> str:
    """Blocks whose last sample is of this time or before have keys after this one."""
    return f"{samples(livestream, instance)}{_COUNTDOWN_S - last_s:010d}"


def sample_times(key: str) -> tuple[int, int] | None:
    """Of a block's key, the times of its first and its last sample in Unix seconds; None for any other key."""
    found = _BLOCK.search(key)
    return (int(found[2]), _COUNTDOWN_S - int(found[1])) if found else None


_COUNTDOWN_S = 9_999_999_999
_BLOCK = re.compile(r"/(\d{10})-(\d{1,10})-[0-9a-f]+\.bin$")

INDEX_SEGMENTS = 100
"""Segments in one index object: about 200 s of recording."""
