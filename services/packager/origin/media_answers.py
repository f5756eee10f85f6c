"""Parts, segments and init segments in memory as responses, each made once and found by the raw target."""

from services.packager.http import Response
from services.packager.origin import answers
from services.packager.origin.live import LiveProgram
from services.packager.origin.track import init_path, part_path, segment_path


class MediaAnswers:
    """What has been asked for of one broadcast; let go with the bytes themselves."""

    def __init__(self, program: LiveProgram, broadcast: str) -> None:
        self._program = program
        self._broadcast = broadcast
        self._made: dict[bytes, Response] = {}
        self._targets: dict[int, list[bytes]] = {}
        """By msn: what goes when that goes."""

    def __len__(self) -> int:
        return len(self._made)

    def recall(self, target: bytes) -> Response | None:
        """What was made before for this raw target."""
        return self._made.get(target)

    def part(self, name: str, msn: int, index: int) -> Response | None:
        """A part that is there."""
        track = self._program.track_named(name)
        data = track.part_bytes(msn, index) if track is not None else None
        return None if data is None else self._answer(part_path(name, msn, index), data, msn)

    def segment(self, name: str, msn: int) -> Response | None:
        """A closed segment that is still in memory."""
        track = self._program.track_named(name)
        data = track.segment_bytes(msn) if track is not None else None
        return None if data is None else self._answer(segment_path(name, msn), data, msn)

    def init(self, name: str, init_id: str) -> Response | None:
        """An init segment of what is listed."""
        data = self._program.inits.get((name, init_id))
        path = init_path(name, init_id)
        return None if data is None else answers.media(data, etag=answers.tag(self._broadcast, path))

    def _answer(self, path: str, data: bytes | list[bytes], msn: int) -> Response:
        target = f"/{self._broadcast}/{path}".encode()
        found = self._made.get(target)
        if found is None:
            found = self._made[target] = answers.media(data, etag=answers.tag(self._broadcast, path))
            self._targets.setdefault(msn, []).append(target)
        return found

    def trim(self) -> None:
        """Let go of what the program has let go of."""
        for msn in [msn for msn in self._targets if msn < self._program.oldest_kept]:
            for target in self._targets.pop(msn):
                del self._made[target]
