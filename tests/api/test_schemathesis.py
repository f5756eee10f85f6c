"""Requests made up from each of the six references find no undocumented answer, and none that is malformed."""

from collections.abc import Iterator

import pytest
import requests

from headwater.internal.v1.onair_pb2 import Playback
from services.common.ids import new_id
from tests.api.fuzzing import faults, operations
from tests.api.running import ApiServer, Others, Rest, until
from tests.api.test_chronicle import playback

pytestmark = pytest.mark.connected

EXAMPLES = 2
"""Of each operation as the reference has it, and as many that break it. More have been tried by hand."""


@pytest.fixture(scope="module")
def session(api: ApiServer) -> Iterator[requests.Session]:
    with requests.Session() as found:
        found.headers["Authorization"] = f"Bearer {api.token}"
        yield found


@pytest.fixture
def known(rest: Rest, others: Others) -> dict[str, str]:
    """What is there, by the names and the collections of path variables."""
    livestream, broadcast = rest.call("POST", "/v1/livestreams", {"name": "made up"}), new_id()
    others.put("playback", broadcast, playback(livestream["id"], broadcast, Playback.RECORDED))
    until(lambda: rest.get(f"/v1/media/{broadcast}").status_code, lambda status: status == 200)
    return {
        **dict.fromkeys(("account", "cloud", "app"), "default"),
        **dict.fromkeys(("livestreams", "live_streams", "live_inputs"), livestream["id"]),
        **dict.fromkeys(("media", "stream", "sessions", "broadcasts"), broadcast),
        "outputs": livestream["outputs"][0]["id"],
        "language": "en",
        "instance": "primary",
        "format": "MP4",
    }


@pytest.mark.parametrize("name", ["", "cloudinary/", "stream/", "realtimekit/", "dyte/", "streamdiver/"])
def test_answers_are_as_the_reference_has_them(
    name: str, rest: Rest, session: requests.Session, known: dict[str, str]
) -> None:
    """Status, media type and schema; of what is 5xx, 501 and 503 alone, where they are documented."""
    url, document = str(rest.base_url), rest.get(f"/{name}openapi.json").json()

    found = [each for operation in operations(document) for each in faults(operation, session, url, known, EXAMPLES)]

    assert found == []
