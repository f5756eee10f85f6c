"""What waits for the log: bounded, and cut only where a reader notices no more than a gap."""

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.backlog import NOTHING, Backlog
from services.ingest.batcher import Body

KIB = 1000


def body(kind: str, at: float = 0.0, *, mark: int = 0, size: int = KIB) -> Body:
    """g begins a GOP, p goes on with it, c goes on with a unit."""
    entries = mark.to_bytes(4, "big") + bytes(size - 4)
    return Body(entries, 1, begins_gop=kind == "g", continues=kind == "c", accepted_at=at, units=kind != "c")


def filled(kinds: str, *, limit: int = 1 << 30, limit_s: float = 1e9) -> tuple[Backlog, tuple[int, int]]:
    backlog = Backlog(limit_bytes=limit * KIB, limit_s=limit_s)
    units = size = 0
    for mark, kind in enumerate(kinds):
        for gone in (backlog.put(body(kind, float(mark), mark=mark)), backlog.trim(float(mark))):
            units, size = units + gone[0], size + gone[1]
    return backlog, (units, size)


def rest(backlog: Backlog) -> list[int]:
    return [int.from_bytes(backlog.pop().entries[:4], "big") for _ in range(len(backlog))]


def test_what_fits_comes_out_as_it_went_in() -> None:
    """First in, first out, and counted."""
    backlog, gone = filled("gppgpp", limit=6)
    assert (backlog.bytes, gone) == (6 * KIB, NOTHING)
    assert rest(backlog) == [0, 1, 2, 3, 4, 5]
    assert backlog.bytes == 0


def test_overflow_drops_the_oldest_whole_gop() -> None:
    """Not a byte of the next, and what is dropped is told."""
    backlog, gone = filled("gppgpp", limit=5)
    assert gone == (3, 3 * KIB)
    assert rest(backlog) == [3, 4, 5]


def test_gop_that_is_partly_sent_is_not_cut_while_another_can_go() -> None:
    """What waits may begin with the end of a GOP whose beginning is on its way."""
    backlog, _ = filled("ppgppgp", limit=6)
    assert rest(backlog) == [0, 1, 5, 6]


def test_gop_without_end_is_dropped_up_to_the_next_beginning() -> None:
    """Also what comes of it later."""
    backlog, gone = filled("gppppppgp", limit=4)
    assert rest(backlog) == [7, 8]
    assert gone == (7, 7 * KIB)


def test_unit_that_is_partly_sent_is_never_cut() -> None:
    """Its reader would join the next unit to its first half."""
    backlog, _ = filled("cccpppp", limit=5)
    assert rest(backlog) == [0, 1, 2]
    backlog, gone = filled("cccccc", limit=3)
    assert (rest(backlog), gone) == ([0, 1, 2, 3, 4, 5], NOTHING)


def test_what_is_too_old_goes_too() -> None:
    """The stream forgets message ids after a time, so nothing waits for longer."""
    backlog, gone = filled("gpgpgp", limit_s=3.5)
    assert rest(backlog) == [2, 3, 4, 5]
    assert gone == (2, 2 * KIB)


def test_clear_tells_what_it_drops() -> None:
    """Nothing vanishes unsaid."""
    backlog, _ = filled("gpp")
    assert backlog.clear() == (3, 3 * KIB)
    assert (backlog.clear(), len(backlog), backlog.bytes) == (NOTHING, 0, 0)


@given(st.text("gpc", max_size=80), st.integers(1, 20), st.integers(0, 12))
def test_reader_never_finds_a_torn_unit_or_a_gop_without_its_beginning(kinds: str, limit: int, taken: int) -> None:
    """Whatever is written and taken meanwhile: what is left out is a run from some place to a GOP's beginning."""
    backlog = Backlog(limit_bytes=limit * KIB, limit_s=1e9)
    out: list[int] = []
    dropped = 0
    for mark, kind in enumerate(kinds):
        dropped += backlog.put(body(kind, mark=mark))[1] + backlog.trim(0.0)[1]
        if len(backlog) and mark % 13 < taken:
            out.append(int.from_bytes(backlog.pop().entries[:4], "big"))
    out += rest(backlog)
    assert out == sorted(set(out))
    assert (len(kinds) - len(out)) * KIB == dropped
    for before, after in zip([-1, *out], out, strict=False):
        assert after == before + 1 or kinds[after] == "g"
        assert before < 0 or after == before + 1 or kinds[before + 1] != "c"
    if out:
        assert out[-1] == len(kinds) - 1 or kinds[out[-1] + 1] != "c"
