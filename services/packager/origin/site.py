"""The origin's answers: a request's path to what is live, what is recorded, or a page."""

import asyncio
import json
from collections.abc import AsyncGenerator

from headwater.internal.v1.onair_pb2 import Playback
from services.common import keys
from services.common.bus.errors import BusError
from services.common.objects import ObjectStore
from services.common.objects_errors import ObjectsUnavailable
from services.packager.hls.blocking import parse_directives
from services.packager.hls.query import QueryError, propagated, with_query
from services.packager.http import Pending, Refused, Request, Response, Stream, later, refusal
from services.packager.origin import answers
from services.packager.origin.directory import Directory
from services.packager.origin.follower import Follower
from services.packager.origin.pages import Pages
from services.packager.origin.recording import MissingIndexError, RecordedMedia
from services.packager.origin.routes import Route, parse
from services.packager.origin.shelf import Shelf

BEGIN_WAIT_S = 4.0
"""A broadcast that is on air and has no picture yet has one within this."""


class Site:
    """A handler for the HTTP server."""

    def __init__(self, directory: Directory, shelf: Shelf, objects: ObjectStore, pages: Pages) -> None:
        self._directory = directory
        self._shelf = shelf
        self._objects = objects
        self._pages = pages

    def handle(self, request: Request) -> Response | Pending:
        """Answer GET and HEAD."""
        route = parse(request.path)
        if route is None:
            return self._pages.front(request.path) or answers.not_there()
        if route.kind == "static":
            return self._pages.static(route.name) or answers.not_there()
        if route.kind == "watch":
            return self._pages.watch()
        follower = self._directory.followed(route.id)
        if follower is not None and not follower.ended.is_set():
            live = self._live(follower, route, request)
            if live is not None:
                return live
        return later(self._look_up(route, request), name=f"answer {route.kind}")

    def _live(self, follower: Follower, route: Route, request: Request) -> Response | Pending | None:
        """What is in memory, without a task; None if it must be looked for elsewhere."""
        match route.kind:
            case "part":
                return follower.part(route.name, route.msn, route.index)
            case "playlist" if follower.is_ready:
                return _playlist(follower, route, request)
            case "segment":
                return follower.segment(route.name, route.msn)
            case "init":
                return follower.init(route.name, route.init_id)
        return None

    async def _look_up(self, route: Route, request: Request) -> Response:
        try:
            record = await self._directory.find(route.id)
            if record is None or record.state == Playback.GONE:
                # A livestream that was never on air is not told from an id that never was: nobody may try ids out.
                return answers.not_live() if route.kind in {"multivariant", "lifecycle"} else answers.not_there()
            return await self._answer(route, request, record)
        except (BusError, ObjectsUnavailable):
            return refusal(503)
        except MissingIndexError:
            return refusal(503)

    async def _answer(self, route: Route, request: Request, record: Playback) -> Response:
        match route.kind:
            case "lifecycle":
                return _lifecycle(record)
            case "multivariant":
                return await self._multivariant(route, request, record)
            case "playlist":
                return await self._media_playlist(route, request, record)
            case "segment":
                return await self._stored(keys.segment(record.store_prefix, route.name, route.msn), route, record)
            case "init":
                return await self._stored(keys.init(record.store_prefix, route.name, route.init_id), route, record)
            case "download":
                return await self._download(route, record)
        return answers.not_there()

    async def _recorded(self, record: Playback) -> RecordedMedia | None:
        if record.state == Playback.RECORDED or (record.state == Playback.ENDED and record.is_recorded):
            return await self._shelf.recording(record.store_prefix)
        return None

    async def _multivariant(self, route: Route, request: Request, record: Playback) -> Response:
        base = "" if route.id == record.broadcast_id else f"../{record.broadcast_id}/"
        query = request.query.decode("ascii")
        recorded = await self._recorded(record)
        if recorded is not None:
            return answers.playlist(with_query(recorded.multivariant(base), propagated(query)), max_age_s=1)
        follower = await self._directory.follow(record)
        return await _settled(follower.multivariant(base, query))

    async def _media_playlist(self, route: Route, request: Request, record: Playback) -> Response:
        recorded = await self._recorded(record)
        if recorded is not None:
            return (
                answers.playlist(recorded.playlist(route.name), max_age_s=60)
                if recorded.has(route.name)
                else answers.not_there()
            )
        follower = await self._directory.follow(record)
        if not follower.is_ready:
            began = await _settled(follower.multivariant("", ""))
            if began.status != 200:
                return answers.not_there()
        return await _settled(_playlist(follower, route, request), timeout_s=60)

    async def _stored(self, key: str, route: Route, record: Playback) -> Response:
        """Media that may be in memory once the broadcast is followed, or has left it for the store."""
        if record.state in {Playback.LIVE, Playback.ENDED}:
            follower = self._directory.followed(record.broadcast_id) or await self._directory.follow(record)
            await follower.caught_up()
            found = follower.segment(route.name, route.msn) if route.kind == "segment" else None
            found = found or (follower.init(route.name, route.init_id) if route.kind == "init" else None)
            if found is not None:
                return found
        data = await self._shelf.object(key)
        return (
            answers.media(data, etag=f'"{key.partition("/")[0][:8]}-{key.partition("/")[2]}"')
            if data
            else answers.not_there()
        )

    async def _download(self, route: Route, record: Playback) -> Response:
        key = keys.download(record.store_prefix, route.name)
        size = await self._objects.size(key)
        if size is None:
            return answers.not_there()

        async def read(start: int, stop: int) -> AsyncGenerator[bytes, None]:
            async for chunk in self._objects.stream(key, start=start, length=stop - start):
                yield chunk

        headers = {
            "content-type": "video/mp4" if route.name == "mp4" else "audio/mp4",
            "content-disposition": f'attachment; filename="{record.broadcast_id}.{route.name}"',
            "cache-control": answers.FOR_EVER,
        }
        return Response(200, headers, Stream(size, read), etag=f'"{record.broadcast_id}-{route.name}"')


def _playlist(follower: Follower, route: Route, request: Request) -> Response | Pending:
    query = request.query.decode("ascii")
    try:
        return follower.playlist(route.name, parse_directives(query), query)
    except QueryError as error:
        return answers.bad(str(error))


async def _settled(answer: Response | Pending, *, timeout_s: float = BEGIN_WAIT_S) -> Response:
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
        return answers.not_live()
    finally:
        answer.cancel()


def _lifecycle(record: Playback) -> Response:
    """Where a livestream or a broadcast stands, for pages: no secrets, no credentials."""
    body = {
        "live": record.state == Playback.LIVE,
        "state": Playback.State.Name(record.state),
        "livestreamId": record.livestream_id,
        "broadcastId": record.broadcast_id,
    }
    headers = {"content-type": "application/json", "cache-control": "max-age=1"}
    return Response(200, headers, json.dumps(body).encode())


__all__ = ["Refused", "Site"]
