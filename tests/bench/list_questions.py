"""Random questions to every list of api: each filter, each order, first, middle and last pages. Pure, and seeded."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from tests.bench.estate import APPS, CREATORS, FIRST_US, SPAN_US, Estate

Params = dict[str, str | int]
Document = Mapping[str, Any]

_STREAM = "/cloudflare/client/v4/accounts/default/stream"
_KIT = "/cloudflare/client/v4/accounts/default/realtime/kit"
_LETTERS = ("show", "Morning", "best of", "7", "99", "Choir lecture", "nothing is called so", "a", "é")


@dataclass(frozen=True)
class Question:
    """A request for a page. `kind` is its row in the table."""

    kind: str
    path: str
    params: Params

    @property
    def target(self) -> str:
        return f"{self.path}?{urlencode(self.params)}" if self.params else self.path


@dataclass(frozen=True)
class Listing:
    """A list: what it may be asked, how its pages are named, and how many entries there are."""

    kind: str
    path: Callable[[random.Random], str]
    filters: Callable[[random.Random], Params]
    turn: Callable[[Params, int, int], None]
    """Ask for the page of this number (1 and up) and size."""
    count: Callable[[Document], int]
    largest: int = 100


def questions(estate: Estate, seed: int) -> Iterator[tuple[Question, Listing]]:
    """Without end: the first page of some list each time; `other` asks for another of it."""
    dice = random.Random(seed)
    listings = _listings(estate)
    while True:
        listing = dice.choice(listings)
        params, path = listing.filters(dice), listing.path(dice)
        listing.turn(params, 1, dice.choice([size for size in (10, 50, 100) if size <= listing.largest]))
        yield Question(listing.kind, path, params), listing


def other(first: Question, listing: Listing, answer: Document, dice: random.Random) -> Question:
    """The next, the middle or the last page after the answer to a first one."""
    params = dict(first.params)
    token = answer.get("nextPageToken", "")
    if token and dice.random() < 0.3:
        params.pop("page", None)
        return Question(first.kind, first.path, params | {"pageToken": token})
    size = next(int(params[name]) for name in ("pageSize", "per_page", "perpage", "limit") if name in params)
    pages = max(1, -(-listing.count(answer) // size))
    listing.turn(params, dice.choice((pages, pages // 2 + 1, dice.randint(1, pages))), size)
    return Question(first.kind, first.path, params)


def _listings(estate: Estate) -> list[Listing]:
    def same(path: str) -> Callable[[random.Random], str]:
        return lambda _dice: path

    def native(kind: str, filters: Callable[[random.Random], Params]) -> Listing:
        return Listing(f"/v1/{kind}", same(f"/v1/{kind}"), filters, _by_number, lambda answer: answer["totalCount"])

    def of_app(dice: random.Random) -> str:
        return f"{_KIT}/{dice.choice((*APPS, 'default'))}/livestreams"

    def count_of_kit(answer: Document) -> int:
        return int(answer["paging"]["total_count"])

    kit = Listing("RealtimeKit livestreams", of_app, _of_kit, _by_page_no, count_of_kit)
    return [
        native("livestreams", _of_livestreams),
        native("media", lambda dice: _of_media(dice, estate)),
        native("sessions", lambda dice: _of_sessions(dice, estate)),
        Listing("Stream videos", same(_STREAM), _of_videos, _by_limit, lambda _answer: 1, largest=1000),
        kit,
        _of_streamdiver("livestreams", ("name", "createdAtUtc", "updatedAtUtc")),
        _of_streamdiver("media", ("name", "createdAtUtc", "updatedAtUtc", "duration")),
    ]


def _of_livestreams(dice: random.Random) -> Params:
    return _some(
        dice,
        state=dice.choice(("IDLE", "DISABLED", "LIVE", "ACTIVE")),
        name=dice.choice(_LETTERS),
        creator=f"creator-{dice.randrange(CREATORS)}",
        appId=dice.choice((*APPS, "default")),
        **_span(dice, "after", "before"),
        orderBy=_order(dice, ("create_time", "update_time", "name")),
    )


def _of_media(dice: random.Random, estate: Estate) -> Params:
    return _some(
        dice,
        state=dice.choice(("READY", "RECORDING", "DELETED", "FAILED")),
        name=dice.choice(_LETTERS),
        creator=f"creator-{dice.randrange(CREATORS)}",
        livestreamId=estate.livestream_id(dice.choice((0, dice.randrange(estate.livestreams)))),
        **_span(dice, "after", "before"),
        orderBy=_order(dice, ("create_time", "update_time", "name", "duration")),
        showDeleted="true",
    )


def _of_sessions(dice: random.Random, estate: Estate) -> Params:
    return _some(
        dice,
        livestreamId=estate.livestream_id(dice.choice((0, dice.randrange(estate.livestreams)))),
        appId=dice.choice((*APPS, "default")),
        **_span(dice, "after", "before"),
    )


def _of_videos(dice: random.Random) -> Params:
    return _some(
        dice,
        search=dice.choice(_LETTERS),
        status=dice.choice(("ready", "live-inprogress", "error")),
        creator=f"creator-{dice.randrange(CREATORS)}",
        type=dice.choice(("vod", "live")),
        name="Morning show 0",
        **_span(dice, "start", "end"),
        asc="true",
        include_counts="true",
    )


def _of_kit(dice: random.Random) -> Params:
    return _some(
        dice,
        status=dice.choice(("LIVE", "IDLE", "ERRORED", "INVOKED")),
        sort_order=dice.choice(("ASC", "DSC")),
        **_span(dice, "start_time", "end_time"),
    )


def _of_streamdiver(kind: str, orders: tuple[str, ...]) -> Listing:
    def filters(dice: random.Random) -> Params:
        return _some(dice, sort=dice.choice(orders) + dice.choice(("", ":asc", ":desc")))

    def turn(params: Params, page: int, size: int) -> None:
        params["page"], params["perpage"] = page - 1, size

    def count(answer: Document) -> int:
        return int(answer["paging"]["total"])

    return Listing(f"Streamdiver {kind}", lambda _: f"/streamdiver/v2/{kind}", filters, turn, count, largest=50)


def _by_number(params: Params, page: int, size: int) -> None:
    params["pageSize"] = size
    if page > 1:
        params["page"] = page


def _by_page_no(params: Params, page: int, size: int) -> None:
    params["page_no"], params["per_page"] = page, size


def _by_limit(params: Params, page: int, size: int) -> None:
    """There are no pages: who wants more asks for what is older."""
    params["limit"] = size
    if page > 1:
        params["end"] = _time(FIRST_US + SPAN_US // page)


def _some(dice: random.Random, **filters: str) -> Params:
    """None of the filters, one, or several."""
    wanted = dice.choices((0, 1, 2, 3), (2, 5, 3, 1))[0]
    return {name: filters[name] for name in dice.sample(sorted(filters), min(wanted, len(filters)))}


def _order(dice: random.Random, fields: tuple[str, ...]) -> str:
    return dice.choice(fields) + dice.choice(("", " asc", " desc"))


def _span(dice: random.Random, since: str, until: str) -> dict[str, str]:
    first = FIRST_US + dice.randrange(SPAN_US)
    return {since: _time(first), until: _time(first + dice.randrange(SPAN_US))}


def _time(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
