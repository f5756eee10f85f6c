"""All lists over a few hundred entries: each filter, order and page against what looking at every entry gives."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord, MediaRecord
from headwater.v1.livestreams_pb2 import Livestream
from headwater.v1.media_pb2 import Media
from services.api.standing import standing_of
from tests.api.running import ApiServer, Rest
from tests.bench.estate import APPS, Estate
from tests.bench.filling import fill
from tests.servers.nats import NatsServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.connected

NOW_US = 1_767_225_600_000_000
ESTATE = Estate(livestreams=60, media=300, now_us=NOW_US)
STREAM = "/cloudflare/client/v4/accounts/default/stream"
KIT = "/cloudflare/client/v4/accounts/default/realtime/kit"

LIVESTREAMS = [ESTATE.plain_livestream(number) for number in range(ESTATE.livestreams)]
BROADCASTS = [ESTATE.broadcast(number) for number in range(ESTATE.media)]
MEDIA = [ESTATE.recording(number, of, ESTATE.playback(number, of)) for number, of in enumerate(BROADCASTS)]
MIDDLE_US = MEDIA[ESTATE.media // 2].create_time_us
HALF = {"after": MEDIA[90].create_time_us, "before": MIDDLE_US}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder: Path = tmp_path_factory.mktemp("lists")
    with NatsServer(folder / "nats") as nats:
        fill(nats.url, folder / "home", ESTATE)
        with ApiServer(folder / "api", nats.url, home=folder / "home", rate_limit="0") as api:
            yield api


@pytest.fixture
def rest(filled: ApiServer) -> Iterator[Rest]:
    with filled.client() as client:
        yield client


def text(at_us: int) -> str:
    """With all its digits: entries are less than a second apart from nobody, but the border is exact."""
    return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def newest(record: LivestreamRecord) -> BroadcastRecord | None:
    its = [each for each in BROADCASTS if each.livestream_id == record.id]
    return max(its, key=lambda each: each.start_time_us, default=None)


def state_of(record: LivestreamRecord) -> str:
    return Livestream.State.Name(standing_of(record, newest(record), NOW_US).state)


def state_of_media(record: MediaRecord) -> str:
    return Media.State.Name(Media.DELETED if record.delete_time_us else record.state)


def updated(record: MediaRecord) -> int:
    return record.update_time_us or record.ready_time_us or record.create_time_us


Fits = Callable[[Any], bool]

OF_BOTH: dict[str, tuple[dict[str, str], Fits]] = {
    "none": ({}, lambda _: True),
    "name": ({"name": "SHOW"}, lambda each: "show" in each.name.lower()),
    "creator": ({"creator": "creator-4"}, lambda each: each.creator == "creator-4"),
    "after": ({"after": text(HALF["after"])}, lambda each: each.create_time_us >= HALF["after"]),
    "before": ({"before": text(HALF["before"])}, lambda each: each.create_time_us < HALF["before"]),
}
OF_LIVESTREAMS = OF_BOTH | {
    "state": ({"state": "DISABLED"}, lambda each: state_of(each) == "DISABLED"),
    "app": ({"appId": APPS[1]}, lambda each: each.app_id == APPS[1]),
}
OF_MEDIA = OF_BOTH | {
    "state": ({"state": "READY"}, lambda each: state_of_media(each) == "READY"),
    "livestream": (
        {"livestreamId": ESTATE.livestream_id(0)},
        lambda each: each.livestream_id == ESTATE.livestream_id(0),
    ),
    "whole name": (
        {"name": "Best of Chess lecture 4", "wholeName": "true"},
        lambda each: each.name == "Best of Chess lecture 4",
    ),
}
ORDERS_OF_LIVESTREAMS: dict[str, Callable[[Any], Any]] = {
    "create_time": lambda each: each.create_time_us,
    "update_time": lambda each: each.update_time_us,
    "name": lambda each: each.name.casefold(),
}
ORDERS_OF_MEDIA = ORDERS_OF_LIVESTREAMS | {"update_time": updated, "duration": lambda each: each.duration_us}


def expected(entries: list[Any], fits: list[Fits], value: Callable[[Any], Any], *, is_descending: bool) -> list[str]:
    found = [each for each in entries if all(one(each) for one in fits)]
    return [each.id for each in sorted(found, key=lambda each: (value(each), each.id), reverse=is_descending)]


def check_pages(rest: Rest, path: str, params: dict[str, Any], wanted: list[str], dice: random.Random) -> None:
    """The first page and the next one by its token, the last or another one by number; the total on each."""
    size = dice.choice((7, 25, 1000))
    pages = max(1, -(-len(wanted) // size))
    first = ask(rest, path, params | {"pageSize": size}, wanted, slice(size))
    assert bool(first) is (len(wanted) > size), params
    if first:
        ask(rest, path, params | {"pageSize": size, "pageToken": first}, wanted, slice(size, 2 * size))
    page = dice.choice((pages, dice.randint(1, pages), pages + 1))
    ask(rest, path, params | {"pageSize": size, "page": page}, wanted, slice((page - 1) * size, page * size))


def ask(rest: Rest, path: str, params: dict[str, Any], wanted: list[str], page: slice) -> str:
    """The token of the next page of a list under /v1."""
    found = rest.get(f"/v1/{path}", params=params).json()
    ids = [each["id"] for each in found[path.rpartition("/")[2]]]
    assert (ids, found["totalCount"]) == (wanted[page], len(wanted)), params
    return str(found["nextPageToken"])


def directions(dice: random.Random) -> dict[str, bool]:
    """Both, the one that is looked at first by chance; True: descending."""
    return dict(dice.sample([("asc", False), ("desc", True)], 2))


@pytest.mark.parametrize("order", ORDERS_OF_LIVESTREAMS)
def test_livestreams_by_each_filter_and_order(rest: Rest, order: str) -> None:
    """Each filter one way round alone, and the other way round with another one."""
    dice, value = random.Random(order), ORDERS_OF_LIVESTREAMS[order]
    for name, (params, fits) in OF_LIVESTREAMS.items():
        further, also_fits = OF_LIVESTREAMS[dice.choice([other for other in OF_LIVESTREAMS if other != name])]
        for (way, is_descending), (more, all_fit) in zip(
            directions(dice).items(), (({}, [fits]), (further, [fits, also_fits])), strict=True
        ):
            asked = {"orderBy": f"{order} {way}"} | params | more
            wanted = expected(LIVESTREAMS, all_fit, value, is_descending=is_descending)
            check_pages(rest, "livestreams", asked, wanted, dice)


@pytest.mark.parametrize("order", ORDERS_OF_MEDIA)
def test_media_by_each_filter_and_order(rest: Rest, order: str) -> None:
    """Deleted ones only where they are asked for."""
    dice, value = random.Random(order), ORDERS_OF_MEDIA[order]
    names = [name for name in OF_MEDIA if name not in {"name", "whole name"}]
    for name, (params, fits) in OF_MEDIA.items():
        further, also_fits = OF_MEDIA[dice.choice([other for other in names if other != name])]
        for (way, is_descending), (more, all_fit) in zip(
            directions(dice).items(), (({}, [fits]), (further, [fits, also_fits])), strict=True
        ):
            shows_deleted = dice.random() < 0.5
            asked = {"orderBy": f"{order} {way}", "showDeleted": str(shows_deleted).lower()} | params | more
            there = [each for each in MEDIA if shows_deleted or not each.delete_time_us]
            check_pages(rest, "media", asked, expected(there, all_fit, value, is_descending=is_descending), dice)


def test_media_by_ids_with_their_sum(rest: Rest) -> None:
    """Only those named, of them only those that fit, and how long they are together."""
    some = [MEDIA[number] for number in (3, 4, 113, 200)]
    ids = [*(each.id for each in some), "f" * 32]
    params: dict[str, Any] = {"ids": ids, "sumUp": "true", "orderBy": "create_time asc"}
    found = rest.get("/v1/media", params=params).json()
    there = [each for each in some if not each.delete_time_us]
    assert [each["id"] for each in found["media"]] == [each.id for each in there]
    assert found["totalDuration"] == f"{sum(each.duration_us for each in there) // 1_000_000}s"


NEW = {"IDLE", "DISABLED"}
"""Where those stand that have had no broadcast."""


def test_livestreams_by_several_states_and_use(rest: Rest) -> None:
    """`used` looks at idle and disabled ones alone."""
    for used in (True, False):
        params: dict[str, Any] = {"states": ["IDLE", "DISABLED", "LIVE"], "used": str(used).lower(), "pageSize": 1000}
        found = {each["id"] for each in rest.get("/v1/livestreams", params=params).json()["livestreams"]}
        assert found == {
            each.id
            for each in LIVESTREAMS
            if state_of(each) == "LIVE" or (state_of(each) in NEW and (newest(each) is not None) is used)
        }


def test_sessions_by_each_filter(rest: Rest) -> None:
    """Newest first."""
    dice = random.Random(1)
    camera = ESTATE.livestream_id(0)
    filters: list[tuple[dict[str, str], Fits]] = [
        ({}, lambda _: True),
        ({"livestreamId": camera}, lambda each: each.livestream_id == camera),
        ({"appId": APPS[2]}, lambda each: each.app_id == APPS[2]),
        ({"after": text(MIDDLE_US)}, lambda each: each.start_time_us >= MIDDLE_US),
        ({"before": text(MIDDLE_US)}, lambda each: each.start_time_us < MIDDLE_US),
    ]
    for params, fits in filters:
        for further, also_fits in filters:
            wanted = expected(BROADCASTS, [fits, also_fits], lambda each: each.start_time_us, is_descending=True)
            check_pages(rest, "sessions", params | further, wanted, dice)


def test_streams_videos_by_each_filter(rest: Rest) -> None:
    """With counts of all that fit, however few are shown."""
    filters: list[tuple[dict[str, str], Fits]] = [
        ({}, lambda _: True),
        ({"search": "best OF"}, lambda each: "best of" in each.name.lower()),
        ({"name": "Best of Chess lecture 4"}, lambda each: each.name == "Best of Chess lecture 4"),
        ({"status": "ready"}, lambda each: state_of_media(each) == "READY"),
        ({"status": "queued"}, lambda _: False),
        ({"type": "vod"}, lambda each: state_of_media(each) != "RECORDING"),
        ({"type": "live"}, lambda each: state_of_media(each) == "RECORDING"),
        ({"creator": "creator-2"}, lambda each: each.creator == "creator-2"),
        ({"id": MEDIA[7].id}, lambda each: each.id == MEDIA[7].id),
        ({"live_input_id": LIVESTREAMS[3].id}, lambda each: each.livestream_id == LIVESTREAMS[3].id),
        ({"start": text(MIDDLE_US), "asc": "true"}, lambda each: each.create_time_us >= MIDDLE_US),
        ({"end": text(MIDDLE_US)}, lambda each: each.create_time_us < MIDDLE_US),
    ]
    for number, (params, fits) in enumerate(filters):
        further, also_fits = filters[number - 3]
        for asked, all_fit in ((params, [fits]), (params | further, [fits, also_fits])):
            present: list[Fits] = [*all_fit, lambda each: not each.delete_time_us]
            is_descending = "asc" not in asked
            wanted = expected(MEDIA, present, lambda each: each.create_time_us, is_descending=is_descending)
            found = rest.get(STREAM, params=asked | {"limit": 9, "include_counts": "true"}).json()
            shown = [each["uid"] for each in found["result"]]
            assert (shown, found["total"], found["range"]) == (wanted[:9], str(len(wanted)), str(len(shown))), asked


def test_stream_sums_up_what_is_kept(rest: Rest) -> None:
    """Minutes of all recordings, or of one creator's."""
    for creator in ("", "creator-2"):
        kept = [each for each in MEDIA if not each.delete_time_us and creator in ("", each.creator)]
        found = rest.get(f"{STREAM}/storage-usage", params={"creator": creator}).json()["result"]
        minutes = sum(each.duration_us for each in kept) / 60e6
        assert (found["totalStorageMinutes"], found["videoCount"]) == (round(minutes, 3), len(kept))


def word_of(record: LivestreamRecord) -> str:
    """RealtimeKit's, by docs/dialects.md."""
    return "INVOKED" if state_of(record) in NEW and newest(record) is None else "IDLE"


@pytest.mark.parametrize("status", [None, "LIVE", "IDLE", "ERRORED", "INVOKED"])
def test_realtimekits_livestreams_by_status(rest: Rest, status: str | None) -> None:
    """Of each app, both ways round, each page."""
    for app in (*APPS, "default"):
        for order in ("ASC", "DSC"):
            fits: list[Fits] = [
                lambda each, of=app: (each.app_id or "default") == of,  # type: ignore[misc]  # bound now
                lambda each: status is None or word_of(each) == status,
            ]
            by_time = ORDERS_OF_LIVESTREAMS["create_time"]
            wanted = expected(LIVESTREAMS, fits, by_time, is_descending=order == "DSC")
            for page in (1, 2):
                params = {"per_page": 4, "page_no": page, "sort_order": order} | ({"status": status} if status else {})
                found = rest.get(f"{KIT}/{app}/livestreams", params=params).json()
                ids = [each["id"].replace("-", "") for each in found["data"]]
                assert (ids, found["paging"]["total_count"]) == (wanted[4 * page - 4 : 4 * page], len(wanted)), params


def test_streamdivers_lists_by_each_order(rest: Rest) -> None:
    """First, middle and last pages, of livestreams and of media with those that can be restored."""
    words = {"name": "name", "createdAtUtc": "create_time", "updatedAtUtc": "update_time", "duration": "duration"}
    for plural, entries, orders in (
        ("livestreams", LIVESTREAMS, ORDERS_OF_LIVESTREAMS),
        ("media", MEDIA, ORDERS_OF_MEDIA),
    ):
        for word, order in words.items():
            if order not in orders:
                continue
            for way in ("asc", "desc"):
                wanted = expected(list(entries), [], orders[order], is_descending=way == "desc")
                for page in (0, len(wanted) // 100, (len(wanted) - 1) // 50):
                    params: dict[str, Any] = {"page": page, "perpage": 50, "sort": f"{word}:{way}"}
                    found = rest.get(f"/streamdiver/v2/{plural}", params=params).json()
                    ids = [each["id"].replace("-", "") for each in found["data"]]
                    assert ids == wanted[50 * page : 50 * page + 50], params
                    assert found["paging"]["total"] == len(wanted)


def test_lists_without_pages_have_everything(rest: Rest) -> None:
    """Cloudinary's live streams and Stream's live inputs."""
    ids = {each.id for each in LIVESTREAMS}
    streams = rest.get("/cloudinary/v2/video/default/live_streams").json()["data"]
    inputs = rest.get(f"{STREAM}/live_inputs").json()["result"]["liveInputs"]
    assert {each["id"] for each in streams} == ids
    assert {each["uid"] for each in inputs} == ids


def test_broadcasts_of_a_livestream_by_each_filter_and_order(rest: Rest) -> None:
    """As sessions, and by when they ended."""
    livestream, dice = ESTATE.livestream_id(0), random.Random("broadcasts")
    entries = [each for each in BROADCASTS if each.livestream_id == livestream]
    half = sorted(each.start_time_us for each in entries)[len(entries) // 2]
    filters: dict[str, tuple[dict[str, str], Fits]] = {
        "none": ({}, lambda _: True),
        "after": ({"after": text(half)}, lambda each: each.start_time_us >= half),
        "before": ({"before": text(half)}, lambda each: each.start_time_us < half),
        "state": ({"states": "LIVE"}, lambda _: False),
        "states": ({"states": "ENDED"}, lambda _: True),
    }
    orders: dict[str, Callable[[Any], Any]] = {
        "start_time": lambda each: each.start_time_us,
        "end_time": lambda each: each.end_time_us,
    }
    for params, fits in filters.values():
        for order, value in orders.items():
            way, is_descending = dice.choice([(" desc", True), ("", False)])
            wanted = expected(entries, [fits], value, is_descending=is_descending)
            asked = {"orderBy": order + way} | params
            check_pages(rest, f"livestreams/{livestream}/broadcasts", asked, wanted, dice)
