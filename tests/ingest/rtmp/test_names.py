"""services.ingest.rtmp.names"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.rtmp import names


@pytest.mark.parametrize(
    ("app", "stream_name", "tcurl"),
    [
        ("live", "KEY", "rtmp://host/live"),
        ("", "KEY", ""),
        ("live", "KEY?bitrate=4000", "rtmp://host/live"),
        ("live", "name?key=KEY", "rtmp://host/live"),
        ("live?key=KEY", "name", "rtmp://host/live?key=KEY"),
        ("live", "", "rtmp://host/live?streamkey=KEY"),
        ("live/KEY", "", "rtmp://host/live/KEY"),
        ("KEY", "", "rtmp://host/KEY"),
        ("", "", "rtmp://host/live/KEY"),
        ("live", "sub/KEY", "rtmp://host/live"),
        ("live", "%4bEY", "rtmp://host/live"),
        ("live", "/KEY/", "rtmp://host/live"),
        ("live", "KEY\r\n", "rtmp://host/live"),
        ("live/KEY\n", "", "rtmp://host/live/KEY\n"),
    ],
)
def test_key_is_found_wherever_encoders_put_it(app: str, stream_name: str, tcurl: str) -> None:
    """Stream name, query of name, app or tcUrl, end of the app's path: the key is among the candidates."""
    assert "KEY" in names.candidates(app, stream_name, tcurl)


def test_stream_name_is_the_first_candidate() -> None:
    """The usual place costs one look-up."""
    assert names.candidates("live?a=1", "KEY?b=2", "rtmp://host/live?a=1")[0] == "KEY"


def test_no_key_anywhere_gives_no_candidate() -> None:
    """Nothing is made up."""
    assert names.candidates("", "", "") == ()


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_any_text_gives_few_short_candidates(app: str, stream_name: str, tcurl: str) -> None:
    """Whatever is sent, there are at most eight candidates, each once and none longer than a key."""
    found = names.candidates(app, stream_name, tcurl)
    assert len(found) == len(set(found)) <= names.MOST_CANDIDATES
    assert all(0 < len(text) <= names.LONGEST_CANDIDATE for text in found)


def test_query_is_merged_with_the_first_of_a_name() -> None:
    """The stream name's parameters come before the app's; values are decoded."""
    assert names.query_of("key?a=%20x&b=1", "live?b=2&c=3") == {"a": " x", "b": "1", "c": "3"}
