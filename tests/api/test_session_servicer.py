"""Sessions and usage over REST, with a stats behind that says what viewers have watched."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from headwater.internal.v1.services_pb2 import GetViewingRequest, GetViewingResponse
from headwater.internal.v1.services_pb2_grpc import ViewingServiceServicer, add_ViewingServiceServicer_to_server
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, Rest, until
from tests.api.stories import broadcast_facts
from tests.servers.nats import NatsServer
from tests.servers.ports import free_ports

pytestmark = pytest.mark.connected

PORT = free_ports(1)[0]


class SmallStats(ViewingServiceServicer):
    """Everybody has watched every broadcast for two seconds and a half."""

    def GetViewing(self, request: GetViewingRequest, _context: Any) -> GetViewingResponse:  # noqa: N802  gRPC's
        return GetViewingResponse(viewer_ms={each.broadcast_id: 2_500 for each in request.broadcasts})


@pytest.fixture(scope="module")
def api(nats: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    stats = grpc.server(ThreadPoolExecutor(2))
    add_ViewingServiceServicer_to_server(SmallStats(), stats)
    stats.add_insecure_port(f"127.0.0.1:{PORT}")
    stats.start()
    with ApiServer(tmp_path_factory.mktemp("api"), nats.url, stats_address=f"127.0.0.1:{PORT}") as server:
        yield server
    stats.stop(0).wait()


def a_broadcast(rest: Rest, others: Others) -> tuple[str, str]:
    livestream, broadcast = rest.call("POST", "/v1/livestreams", {})["id"], new_id()
    others.say(*broadcast_facts(broadcast=broadcast, livestream=livestream))
    until(lambda: rest.get(f"/v1/media/{broadcast}").json(), lambda one: one.get("state") == "READY")
    return livestream, broadcast


def test_session_is_a_broadcast_as_use(rest: Rest, others: Others) -> None:
    """Media came for 29 s and, after a gap, for 20 s; how long it was watched, stats knows."""
    livestream, broadcast = a_broadcast(rest, others)

    session = rest.call("GET", f"/v1/sessions/{broadcast}")

    assert (session["livestreamId"], session["error"]) == (livestream, "")
    # Of what is so long ago stats knows nothing any more: what was written down holds.
    assert (session["ingestSeconds"], session["viewerSeconds"]) == (49.0, 0.0)
    assert session["startTime"] < session["stopTime"]
    listed = rest.call("GET", f"/v1/sessions?livestreamId={livestream}")
    assert (listed["sessions"], listed["totalCount"]) == ([session], 1)


def test_usage_sums_up_the_sessions_of_a_time(rest: Rest, others: Others) -> None:
    """By the day on which they began; those outside are not in it."""
    a_broadcast(rest, others)

    usage = rest.call("GET", "/v1/usage?after=2023-11-14T00:00:00Z&before=2023-11-15T00:00:00Z")
    nothing = rest.call("GET", "/v1/usage?after=2024-01-01T00:00:00Z")

    (day,) = usage["days"]
    assert (day["date"], day["ingestSeconds"]) == ("2023-11-14", 49.0 * day["sessionCount"])
    assert (usage["sessionCount"], usage["ingestSeconds"]) == (day["sessionCount"], day["ingestSeconds"])
    assert (nothing["sessionCount"], nothing["days"]) == (0, [])


def test_unknown_session_is_not_found(rest: Rest) -> None:
    """As any id that nobody has."""
    assert rest.get(f"/v1/sessions/{new_id()}").status_code == 404


def test_session_on_air_is_asked_of_stats(rest: Rest, others: Others) -> None:
    """What viewers watch now is in the answer."""
    livestream, broadcast = rest.call("POST", "/v1/livestreams", {})["id"], new_id()
    others.say(*broadcast_facts(broadcast=broadcast, livestream=livestream)[:4])

    session = until(lambda: rest.get(f"/v1/sessions/{broadcast}").json(), lambda one: one.get("viewerSeconds") == 2.5)

    assert "stopTime" not in session
