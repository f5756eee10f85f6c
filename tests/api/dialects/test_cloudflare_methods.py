"""Every promised method of Cloudflare's client: it shows what the native API has, or is refused with a reason."""

from collections.abc import Iterator

import pytest
from cloudflare import APIStatusError

from services.api.dialects.endpoint import Absent
from tests.api.dialects import cloudflare_kit_rows
from tests.api.dialects.cloudflare_rows import ROWS
from tests.api.dialects.cloudflare_stage import ACCOUNT, APP, Row, Stage, make_stage, promised
from tests.api.running import ApiServer, Others
from tests.api.small_archiver import small_archiver
from tests.servers.nats import NatsServer
from tests.servers.ports import free_ports
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.connected

PORT = free_ports(1)[0]
UNKNOWN = "ab" * 16

LATER: dict[str, Row] = {
    "stream.watermarks.create": lambda stage: stage.client.stream.watermarks.create(account_id=ACCOUNT, url="x"),
    "stream.watermarks.list": lambda stage: stage.client.stream.watermarks.list(account_id=ACCOUNT),
    "stream.watermarks.get": lambda stage: stage.client.stream.watermarks.get(UNKNOWN, account_id=ACCOUNT),
    "stream.watermarks.delete": lambda stage: stage.client.stream.watermarks.delete(UNKNOWN, account_id=ACCOUNT),
    "realtime_kit.livestreams.get_org_analytics": lambda stage: stage.client.realtime_kit.livestreams.get_org_analytics(
        APP, account_id=ACCOUNT
    ),
    "realtime_kit.analytics.get_org_analytics": lambda stage: stage.client.realtime_kit.analytics.get_org_analytics(
        APP, account_id=ACCOUNT
    ),
}
NEVER: dict[str, Row] = {
    "stream.create": lambda stage: stage.client.stream.create(
        account_id=ACCOUNT, tus_resumable="1.0.0", upload_length=1
    ),
    "stream.copy.create": lambda stage: stage.client.stream.copy.create(account_id=ACCOUNT, url="https://x.example/v"),
    "stream.direct_upload.create": lambda stage: stage.client.stream.direct_upload.create(
        account_id=ACCOUNT, max_duration_seconds=1
    ),
    "stream.audio_tracks.get": lambda stage: stage.client.stream.audio_tracks.get(UNKNOWN, account_id=ACCOUNT),
    "stream.audio_tracks.copy": lambda stage: stage.client.stream.audio_tracks.copy(
        UNKNOWN, account_id=ACCOUNT, label="x"
    ),
    "stream.audio_tracks.edit": lambda stage: stage.client.stream.audio_tracks.edit(
        UNKNOWN, account_id=ACCOUNT, identifier=UNKNOWN, label="x"
    ),
    "stream.audio_tracks.delete": lambda stage: stage.client.stream.audio_tracks.delete(
        UNKNOWN, account_id=ACCOUNT, identifier=UNKNOWN
    ),
    "stream.captions.language.create": lambda stage: stage.client.stream.captions.language.create(
        "en", account_id=ACCOUNT, identifier=UNKNOWN
    ),
    "realtime_kit.livestreams.get_meeting_active_livestreams": lambda stage: (
        stage.client.realtime_kit.livestreams.get_meeting_active_livestreams("m", account_id=ACCOUNT, app_id=APP)
    ),
    "realtime_kit.livestreams.start_livestreaming_a_meeting": lambda stage: (
        stage.client.realtime_kit.livestreams.start_livestreaming_a_meeting("m", account_id=ACCOUNT, app_id=APP)
    ),
    "realtime_kit.livestreams.stop_livestreaming_a_meeting": lambda stage: (
        stage.client.realtime_kit.livestreams.stop_livestreaming_a_meeting("m", account_id=ACCOUNT, app_id=APP)
    ),
}


@pytest.fixture(scope="module")
def api(nats: NatsServer, s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    bucket = "cloudflare-methods"
    s3_server.client().make_bucket(bucket)
    with ApiServer(
        tmp_path_factory.mktemp("api"),
        nats.url,
        archiver_address=f"127.0.0.1:{PORT}",
        s3_endpoint=s3_server.url,
        s3_access_key=s3_server.access_key,
        s3_secret_key=s3_server.secret_key,
        s3_bucket=bucket,
    ) as server:
        yield server


@pytest.fixture(scope="module")
def stage(api: ApiServer, nats: NatsServer) -> Iterator[Stage]:
    others = Others(nats.url)
    with small_archiver(others, PORT), api.client() as rest:
        yield make_stage(api, rest, others)


def test_every_method_is_shown_or_refused() -> None:
    """A method that a new version of the client brings is one that somebody looks at."""
    assert cloudflare_kit_rows.EVENT
    assert sorted(promised()) == sorted([*ROWS, *LATER, *NEVER])


@pytest.mark.parametrize("name", ROWS)
def test_method_shows_what_the_native_api_has(name: str, stage: Stage) -> None:
    """By value, and on the raw JSON by the client's own type."""
    ROWS[name](stage)


@pytest.mark.parametrize(("name", "why"), [*((n, Absent.LATER) for n in LATER), *((n, Absent.NEVER) for n in NEVER)])
def test_method_that_is_not_served_says_which(name: str, why: Absent, stage: Stage) -> None:
    """501: it comes later, or it is not ours."""
    with pytest.raises(APIStatusError) as refused:
        {**LATER, **NEVER}[name](stage)

    assert refused.value.status_code == 501
    assert why.value in refused.value.response.text
