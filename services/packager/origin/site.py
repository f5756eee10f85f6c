"""The origin's answers: a request's target to what is live, what is recorded, or a page."""

import asyncio
from functools import partial

from headwater.internal.v1.onair_pb2 import Playback
from services.common.bus.errors import BusError
from services.common.objects_errors import ObjectsRefused, ObjectsUnavailable
from services.packager.hls.query import QueryError, with_query
from services.packager.http import Pending, Request, Response, later, refusal
from services.packager.origin import answers, lifecycle
from services.packager.origin.beside_answers import BesideAnswers
from services.packager.origin.directory import Directory
from services.packager.origin.follower import Follower
from services.packager.origin.gate import OPEN
from services.packager.origin.guard import Guard, private, refused
from services.packager.origin.pages import Pages
from services.packager.origin.recording import MissingIndexError, RecordedMedia
from services.packager.origin.routes import Asked, Route, read
from services.packager.origin.store_answers import StoreAnswers
from services.packager.origin.wanted_picture import read_wanted

BEGIN_WAIT_S = 12.0
"""A broadcast that is on air has its first segment within this: it is 10.5 s long at most (program/pace.py).
An empty answer would be fatal to players that do not ask again."""

MAX_KNOWN_TARGETS = 4096
_KNOWN_TARGET_BYTES = 200
"""Longer targets are read each time, so that what is remembered stays within a few MB whatever clients send."""

_MANY_SEGMENTS = 1000
"""A recording's playlist with more is written beside the loop: others are waiting for a part."""


class Site:
    """A handler for the HTTP server."""

    def __init__(
        self, directory: Directory, store: StoreAnswers, pages: Pages, guard: Guard, beside: BesideAnswers
    ) -> None:
        self._directory = directory
        self._guard = guard
        self._store = store
        self._pages = pages
        self._beside = beside
        self._known: dict[bytes, Asked] = {}

    def handle(self, request: Request) -> Response | Pending:
        """Answer GET and HEAD."""
        target = request.target
        follower = self._directory.followed(target[1:33])
        is_open = follower is not None and self._guard.is_open(follower)
        if follower is not None and is_open:
            found = follower.media.recall(target)
            if found is not None:
                return found
        asked = self._known.get(target) or self._read(request)
        route = asked.route
        if route is None or route.kind in {"static", "watch", "later"}:
            return self._page(request, asked.path, route)
        if asked.fault:
            return answers.bad(asked.fault)
        follower = follower or self._directory.followed(asked.key)
        if follower is None or not follower.is_ready:
            return later(self._look_up(request, route, asked), name=f"answer {route.kind}")
        verdict = OPEN
        if not is_open:
            verdict = self._guard.judge(request, asked, follower.record, is_live=not follower.program.has_ended)
        if verdict.status != 200:
            return refused(verdict)
        live = _live(follower, route, asked, is_plain=not self._guard.has_low_latency(follower))
        if live is None:
            return later(self._look_up(request, route, asked), name=f"answer {route.kind}")
        return private(live) if verdict.is_private else live

    def _read(self, request: Request) -> Asked:
        """Thousands ask for the same few targets, which are told apart once."""
        asked = read(request.path, request.query.decode("ascii"))
        if len(request.target) <= _KNOWN_TARGET_BYTES:
            if len(self._known) >= MAX_KNOWN_TARGETS:
                self._known.clear()
            self._known[request.target] = asked
        return asked

    def _page(self, request: Request, path: str, route: Route | None) -> Response:
        if route is None:
            return self._pages.front(path) or answers.not_there()
        if route.kind == "later":
            return answers.later()
        if route.kind == "watch":
            verdict = self._guard.judge_page(request, route)
            if verdict.status != 200:
                return refused(verdict)
            page = self._pages.watch(self._guard.gate.allowed_origins(route.id))
            return page.private() if verdict.is_private else page
        return self._pages.static(route.name) or answers.not_there()

    async def _look_up(self, request: Request, route: Route, asked: Asked) -> Response:
        try:
            record = await self._directory.find(route.id)
            if record is None or record.state == Playback.GONE or record.is_withheld:
                # A livestream that was never on air is not told from an id that never was: nobody may try ids out.
                return await self._beside.of_nothing(request, route, asked)
            verdict = self._guard.judge(request, asked, record, is_live=record.state == Playback.LIVE)
            if verdict.status != 200:
                return refused(verdict)
            answer = await self._answer(request, route, asked, record)
            return answer.private() if verdict.is_private else answer
        except QueryError as error:
            return answers.bad(str(error))
        except (BusError, ObjectsUnavailable, ObjectsRefused, MissingIndexError):
            return refusal(503)

    async def _answer(self, request: Request, route: Route, asked: Asked, record: Playback) -> Response:
        if route.kind == "lifecycle":
            return lifecycle.answer(record, route.id)
        if route.kind == "views":
            return await self._beside.views(record)
        if route.kind == "thumbnail":
            return await self._thumbnail(request, route, record)
        if route.kind == "multivariant":
            return await self._multivariant(asked, record)
        if route.kind in {"captions", "subtitles"}:
            return await self._beside.captions(asked, route.name, record, await self._recorded(record))
        if route.id != record.broadcast_id:
            # A livestream's newest broadcast changes, and what an URI of media means must not.
            return answers.not_there()
        if route.kind == "download":
            return await self._store.download(record, route.name, request.parameters().get("filename", ""))
        recorded = await self._recorded(record)
        if route.kind == "recording" and record.state == Playback.LIVE:
            return answers.not_there()
        if route.kind in {"playlist", "recording"}:
            return await self._media_playlist(route, asked, record, recorded)
        return await self._media(route, record, recorded)

    async def _thumbnail(self, request: Request, route: Route, record: Playback) -> Response:
        wanted = read_wanted(request.parameters())
        uploaded = await self._beside.uploaded(route.id, wanted)
        if uploaded is not None:
            return uploaded
        recorded = await self._recorded(record)
        if recorded is not None:
            return await self._beside.recorded_picture(record, recorded, wanted)
        follower = await self._directory.follow(record)
        await follower.caught_up(timeout_s=1.0)
        return await self._beside.thumbnails.live(record, follower.program, wanted)

    async def _recorded(self, record: Playback) -> RecordedMedia | None:
        """The recording, once it is complete; until then, and while the store is away, the log has the end."""
        if record.state == Playback.RECORDED:
            return await self._store.recording(record)
        if record.state == Playback.ENDED and record.is_recorded:
            try:
                return await self._store.recording(record)
            except (ObjectsUnavailable, ObjectsRefused, MissingIndexError):
                return None
        return None

    async def _multivariant(self, asked: Asked, record: Playback) -> Response:
        base = asked.base(record.broadcast_id)
        recorded = await self._recorded(record)
        if recorded is not None:
            template = recorded.multivariant(base, self._guard.gate.captions(record.broadcast_id))
            return answers.playlist(with_query(template, asked.kept_query), max_age_s=1)
        follower = await self._directory.follow(record)
        return await _settled(follower.multivariant(base, asked.kept_query), follower)

    async def _media_playlist(
        self, route: Route, asked: Asked, record: Playback, recorded: RecordedMedia | None
    ) -> Response:
        if recorded is not None:
            return await _recorded_playlist(recorded, route.name, asked.kept_query)
        follower = await self._directory.follow(record)
        began = await _settled(follower.multivariant("", ""), follower)
        if began.status != 200:
            return began if began.status == 503 else answers.not_there()
        is_plain = not self._guard.has_low_latency(follower)
        return await _settled(_playlist(follower, route, asked, is_plain=is_plain), follower, timeout_s=60)

    async def _media(self, route: Route, record: Playback, recorded: RecordedMedia | None) -> Response:
        """Media that is in memory once the broadcast is followed, or has left it for the store."""
        if recorded is None:
            follower = await self._directory.follow(record)
            await follower.caught_up()
            live = _live(follower, route, Asked("", route, b""), is_plain=False) if follower.is_ready else None
            if live is not None:
                return await _settled(live, follower, timeout_s=60)
            if not follower.has_had(route.name, route.msn):
                return answers.not_there()
        elif route.kind == "segment" and not recorded.has_segment(route.name, route.msn):
            return answers.not_there()
        return await self._store.media(record, route)


def _live(follower: Follower, route: Route, asked: Asked, *, is_plain: bool) -> Response | Pending | None:
    """What is in memory, without a task; None if it must be looked for elsewhere."""
    has_ended = follower.program.has_ended
    match route.kind:
        case "part":
            return follower.part(route.name, route.msn, route.index)
        # Who has followed it is told the end in his own list: hls.js loses its place in one that begins earlier.
        case "playlist" if asked.directives.has_list or follower.is_reloaded:
            return _playlist(follower, route, asked, is_plain=is_plain)
        case "multivariant" if not has_ended:
            return follower.multivariant(asked.base(route.id), asked.kept_query)
        case "segment":
            return follower.media.segment(route.name, route.msn)
        case "init":
            return follower.media.init(route.name, route.init_id)
    return None


def _playlist(follower: Follower, route: Route, asked: Asked, *, is_plain: bool) -> Response | Pending:
    try:
        return follower.playlist(route.name, asked.directives, asked.kept_query, is_plain=is_plain)
    except QueryError as error:
        return answers.bad(str(error))


async def _recorded_playlist(recorded: RecordedMedia, name: str, kept_query: str) -> Response:
    if not recorded.has(name):
        return answers.not_there()
    make = partial(recorded.answer, name, kept_query)
    return await asyncio.to_thread(make) if len(recorded.segments) > _MANY_SEGMENTS else make()


async def _settled(answer: Response | Pending, follower: Follower, *, timeout_s: float = BEGIN_WAIT_S) -> Response:
    """Wait for an answer from within a task."""
    if isinstance(answer, Response):
        return answer
    done: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    found = answer.attach(lambda response: None if done.done() else done.set_result(response))
    if found is not None:
        return found
    try:
        async with asyncio.timeout(timeout_s):
            return await done
    except TimeoutError:
        return answers.not_live() if follower.can_read else refusal(503)
    finally:
        answer.cancel()
