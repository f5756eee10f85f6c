"""What connections share: the answers that are no handler's, and the counts."""

from services.packager.http.desk import Desk
from services.packager.http.fields import Fields
from services.packager.http.limits import Limits
from services.packager.http.refusals import refusal
from services.packager.http.request import Request
from services.packager.http.response import Response
from tests.packager.http.site import PLAYLIST, Site


def a_desk(site: Site) -> Desk:
    return Desk(site, Limits(), site.note, now=100.0)


def ask(desk: Desk, method: str, target: bytes, *, has_body: bool = False) -> int:
    answer = desk.answer(Request(method, target, Fields([], has_body=has_body), ""))
    assert isinstance(answer, Response)
    return answer.status


def test_handler_is_asked_for_reading_alone() -> None:
    """GET and HEAD without a body; the rest is answered for it."""
    site = Site()
    desk = a_desk(site)
    assert [ask(desk, method, b"/playlist") for method in ("GET", "HEAD", "OPTIONS", "PUT")] == [200, 200, 204, 405]
    assert ask(desk, "GET", b"/playlist", has_body=True) == 413
    assert len(site.seen) == 2


def test_failing_handler_costs_one_answer() -> None:
    """A refusal keeps its status, a bug is 500."""
    desk = a_desk(Site())
    assert ask(desk, "GET", b"/nothing") == 404
    assert ask(desk, "GET", b"/broken") == 500
    assert ask(desk, "GET", b"/playlist") == 200


def test_counts_and_hook_see_every_answer() -> None:
    """By hundreds of the status."""
    site = Site()
    desk = a_desk(site)
    request = Request("GET", b"/a", Fields([], has_body=False), "")
    desk.finish(request, 200, 10)
    desk.finish(request, 404, 5)
    desk.count(400, 1)
    assert (desk.counts.requests, desk.counts.bytes) == (3, 16)
    assert desk.counts.classes == [0, 0, 1, 0, 2, 0]
    assert site.finished == [(b"/a", 200, 10), (b"/a", 404, 5)]


def test_tick_moves_the_shared_clock() -> None:
    """All answers until the next tick have one date."""
    desk = a_desk(Site())
    assert desk.idle_until == 100.0 + Limits().idle_s
    desk.tick(200.0)
    assert desk.idle_until == 200.0 + Limits().idle_s
    assert desk.date_end.startswith(b"date: ")
    assert desk.date_end.endswith(b" GMT\r\n\r\n")


def test_refusals_are_rendered_once() -> None:
    """A flood of bad requests shares one object."""
    assert refusal(404) is refusal(404)
    assert PLAYLIST is not refusal(404)
