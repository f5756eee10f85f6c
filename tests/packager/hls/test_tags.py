"""The table of tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.packager.hls import tags
from services.packager.hls.attributes import QUERY_MARK, PlaylistError
from services.packager.hls.media_playlist import Hint, Part, RenditionReport, ServerControl, Start
from tests.packager.hls.histories import UNHURRIED

NAMES = st.text("abcdefgh0123456789./-_", min_size=1, max_size=20)
# Printed to 10 us; the half second is where printing rounds down.
TENS = st.integers(0, 10**9).map(lambda n: n * 10)
NUMBERS = st.integers(0, 10**18)
MODELS = {
    tags.PART: st.builds(Part, NAMES, TENS, st.booleans(), st.booleans()),
    tags.PART_INF: st.builds(tags.PartInf, TENS),
    tags.SERVER_CONTROL: st.builds(ServerControl, TENS, TENS, TENS, st.booleans()),
    tags.MAP: st.builds(tags.Map, NAMES),
    tags.SKIP: st.builds(tags.Skip, NUMBERS, st.none() | st.just("")),
    tags.START: st.builds(Start, TENS | TENS.map(lambda n: -n), st.booleans()),
    tags.PRELOAD_HINT: st.builds(Hint, st.sampled_from(["PART", "MAP"]), NAMES),
    tags.RENDITION_REPORT: st.builds(RenditionReport, NAMES, NUMBERS, st.none() | NUMBERS),
}


@pytest.mark.parametrize("tag", MODELS, ids=lambda tag: str(tag.name))
@UNHURRIED
@given(data=st.data())
def test_attribute_list_is_read_as_it_was_written(tag: tags.ListTag[object], data: st.DataObject) -> None:
    """Every field of every tag comes back, and one line is written."""
    content = data.draw(MODELS[tag])
    line = tag.render(content)
    assert line.startswith(f"#{tag.name}:")
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert tag.parse(line.replace(QUERY_MARK, "").strip().partition(":")[2]) == content


@UNHURRIED
@given(st.integers(0, 4_000_000_000_000_000))
def test_date_is_read_back_to_the_millisecond(program_time_us: int) -> None:
    """Printing rounds down, so two segments never seem to swap."""
    text = tags.date_time(program_time_us)
    assert text.endswith("Z")
    assert tags.parse_date_time(text) == program_time_us // 1000 * 1000


def test_false_and_absent_are_not_written() -> None:
    """INDEPENDENT and GAP are only ever YES, and an unknown part number is left out."""
    assert tags.PART.render(Part("a", 0)) == f'#EXT-X-PART:DURATION=0.00000,URI="a{QUERY_MARK}"\n'
    assert "LAST-PART" not in tags.RENDITION_REPORT.render(RenditionReport("a", 0))
    assert "LAST-PART=0" in tags.RENDITION_REPORT.render(RenditionReport("a", 0, 0))


def test_flag_is_written_or_not() -> None:
    """A flag has no value, and false writes nothing."""
    assert tags.GAP.render() == "#EXT-X-GAP\n"
    assert tags.GAP.render(content=False) == ""


def test_uri_cannot_break_out_of_its_quotes() -> None:
    """A quote in a URI is refused, not written."""
    with pytest.raises(PlaylistError):
        tags.MAP.render(tags.Map('a"b'))
