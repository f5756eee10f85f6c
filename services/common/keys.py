"""The only file that spells an object key in the store. Pure.

Every key of a recording begins with its unguessable prefix; an object's contents never change, captions apart.
"""


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


def captions(prefix: str, language: str) -> str:
    """WebVTT; the one object of a recording that may be written again."""
    return f"{prefix}/captions/{language}.vtt"


def thumbnail(livestream: str, name: str) -> str:
    """One that was uploaded for a livestream; `name` is unguessable and new with each upload."""
    return f"thumbnails/{livestream}/{name}.jpg"


INDEX_SEGMENTS = 100
"""Segments in one index object: about 200 s of recording."""
