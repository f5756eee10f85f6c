"""Which clips are being made, and of what: what they are cut from must not go."""

from collections.abc import Iterable

from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import Media
from services.api.repository import Repository, Stored


class UnmadeClips:
    """Follows the read model of media."""

    def __init__(self, media: Repository[MediaRecord]) -> None:
        self._sources: dict[str, str] = {}
        media.listen(self._note)

    def all(self) -> list[str]:
        """Their ids."""
        return list(self._sources)

    def has(self, clip: str) -> bool:
        """Whether this is one."""
        return clip in self._sources

    def are_of(self, media: str) -> bool:
        """Whether there is one of this media."""
        return media in self._sources.values()

    def first(self, media: Iterable[Stored[MediaRecord]]) -> list[Stored[MediaRecord]]:
        """These media with the clips that are being made before all others."""
        return sorted(media, key=lambda stored: not self.has(stored.key))

    def _note(self, media: str, record: MediaRecord | None) -> None:
        if record is not None and is_unmade(record):
            self._sources[media] = record.clipped_from
        else:
            self._sources.pop(media, None)


def is_unmade(record: MediaRecord) -> bool:
    """Whether it is a clip that is being made."""
    return bool(record.clipped_from) and record.state == Media.FINISHING
