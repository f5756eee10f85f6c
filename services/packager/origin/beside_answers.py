"""What stands beside the media of a livestream: how many watch it, what it looks like, and what is said in it."""

from headwater.internal.v1.onair_pb2 import Playback
from services.packager.http import Request, Response
from services.packager.origin import answers, captions, lifecycle, views
from services.packager.origin.guard import Guard, refused
from services.packager.origin.recording import RecordedMedia
from services.packager.origin.routes import Asked, Route
from services.packager.origin.text_tracks import TextTracks
from services.packager.origin.thumbnails import Thumbnails
from services.packager.origin.views import Views
from services.packager.origin.wanted_picture import WantedPicture, read_wanted


class BesideAnswers:
    """Whether the viewer may have it has been asked before, but for what was never on air."""

    def __init__(self, guard: Guard, counts: Views, thumbnails: Thumbnails, texts: TextTracks) -> None:
        self._guard = guard
        self._views = counts
        self.thumbnails = thumbnails
        self._texts = texts

    async def views(self, record: Playback) -> Response:
        """How many watch; nobody watches what is not live."""
        if self._guard.gate.hides_viewers(record.livestream_id):
            return views.hidden()
        if record.state != Playback.LIVE:
            return views.nobody()
        return await self._views.answer(record.livestream_id)

    async def uploaded(self, identifier: str, wanted: WantedPicture) -> Response | None:
        """The thumbnail that was uploaded for a livestream or a media, unless a time is asked for."""
        key, _ = self._guard.gate.thumbnail(identifier)
        return await self.thumbnails.uploaded(key, wanted) if key and wanted.time_s is None else None

    async def recorded_picture(self, record: Playback, media: RecordedMedia, wanted: WantedPicture) -> Response:
        """Out of a recording, from where its settings say unless a time is asked for."""
        _, position = self._guard.gate.thumbnail(record.broadcast_id)
        return await self.thumbnails.recorded(record, media, wanted, position)

    async def captions(self, asked: Asked, name: str, record: Playback, media: RecordedMedia | None) -> Response:
        """A text track of a recording, or the playlist around it. Errors: those of the store."""
        track = captions.track_of(self._guard.gate.captions(record.broadcast_id), name)
        if track is None or media is None:
            return answers.not_there()
        if asked.route is not None and asked.route.kind == "subtitles":
            return captions.playlist(media, track, asked.kept_query)
        return await self._texts.answer(track, media) or answers.not_there()

    async def of_nothing(self, request: Request, route: Route, asked: Asked) -> Response:
        """Of an id that has nothing to watch. A livestream that was never on air is not told from an id that never
        was: nobody may try ids out. Errors: QueryError, and those of the store.
        """
        match route.kind:
            case "multivariant":
                return answers.not_live()
            case "lifecycle":
                return lifecycle.never_live()
            case "views" | "thumbnail":
                return await self._idle(request, route, asked)
        return answers.not_there()

    async def _idle(self, request: Request, route: Route, asked: Asked) -> Response:
        record = Playback(livestream_id=route.id)
        if route.kind == "views" and self._guard.gate.hides_viewers(route.id):
            return views.hidden()
        verdict = self._guard.judge(request, asked, record, is_live=False)
        if verdict.status != 200:
            return refused(verdict)
        if route.kind == "views":
            found = views.nobody()
        else:
            found = await self.uploaded(route.id, read_wanted(request.parameters())) or answers.not_there()
        return found.private() if verdict.is_private else found
