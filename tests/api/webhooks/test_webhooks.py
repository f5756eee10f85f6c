"""The domain's webhooks on real NATS."""

import pytest

from headwater.internal.v1.records_pb2 import AppRecord
from headwater.internal.v1.webhooks_pb2 import WebhookRecord
from headwater.v1.webhooks_pb2 import Webhook
from services.api.settings import Settings
from services.api.webhooks.webhooks import MOST
from services.common.errors import AppError, Kind
from tests.api.webhooks.stage import Stage, staged
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

URL = "http://127.0.0.1:1/"


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost", "10.1.2.3"])
async def test_url_that_leads_inside_is_refused_by_default(nats: NatsServer, host: str) -> None:
    """When it is given, with the field named."""
    assert Settings().private_targets == "refuse"
    async with staged(nats.url, allows_private=False) as strict:
        with pytest.raises(AppError) as caught:
            await strict.webhooks.create("acme", WebhookRecord(url=f"http://{host}/"))

    assert (caught.value.kind, caught.value.field) == (Kind.INVALID, "webhook.url")


async def test_another_tenants_webhook_is_as_unknown(stage: Stage) -> None:
    """The same words as for an id that nobody has."""
    made = await stage.add(URL)

    said = []
    for tenant, webhook in (("other", made.id), ("acme", "0" * 32)):
        with pytest.raises(AppError) as caught:
            await stage.webhooks.get(tenant, webhook)
        said.append((caught.value.kind, caught.value.detail.replace(webhook, "ID")))

    assert said[0] == said[1]
    assert said[0][0] is Kind.NOT_FOUND


async def test_call_that_names_an_app_sees_that_apps_webhooks(stage: Stage) -> None:
    """One of no app counts as the first app's; a call that names none sees all of the tenant's."""
    await stage.records.apps.create("apps.shop", AppRecord(id="shop", tenant_id="apps"))
    made = {app: await stage.webhooks.create("apps", WebhookRecord(url=URL, app_id=app)) for app in ("", "shop")}

    def seen(app: str) -> set[str]:
        return {stored.key for stored in stage.webhooks.every("apps", app=app)}

    assert seen("shop") == {made["shop"].key}
    assert seen("default") == {made[""].key}
    assert seen("") == {made[""].key, made["shop"].key}
    assert await stage.webhooks.get("apps", made["shop"].key, app="shop")
    with pytest.raises(AppError):
        await stage.webhooks.get("apps", made["shop"].key, app="default")


async def test_tenant_has_a_number_of_webhooks(stage: Stage) -> None:
    """And another tenant has its own."""
    for _ in range(MOST):
        await stage.webhooks.create("many", WebhookRecord(url=URL))

    with pytest.raises(AppError) as caught:
        await stage.webhooks.create("many", WebhookRecord(url=URL))

    assert caught.value.kind is Kind.LIMIT
    await stage.webhooks.create("few", WebhookRecord(url=URL))


async def test_secret_is_nowhere_in_clear(stage: Stage) -> None:
    """The record has it sealed, for this webhook alone."""
    one, other = await stage.add(URL), await stage.add(URL)
    secret = stage.secrets.open(one)

    assert secret.encode() not in one.SerializeToString()
    assert secret != stage.secrets.open(other)
    other.sealed_secret = one.sealed_secret
    with pytest.raises(AppError):
        stage.secrets.open(other)


async def test_disabled_webhook_takes_no_orders(stage: Stage) -> None:
    """Neither a ping nor anything again."""
    made = await stage.add(URL, is_disabled=True, format=Webhook.STREAMDIVER)
    stored = await stage.webhooks.get("acme", made.id)

    for order in (stage.webhooks.ping(stored), stage.webhooks.resend(stored, "0" * 32)):
        with pytest.raises(AppError) as caught:
            await order
        assert caught.value.kind is Kind.FAILED_PRECONDITION
    assert stage.deliveries(made) == []


async def test_deleted_webhook_takes_its_log_with_it(stage: Stage) -> None:
    """Nothing is left to be sent."""
    made = await stage.add(URL)
    stored = await stage.webhooks.get("acme", made.id)
    await stage.webhooks.ping(stored)

    await stage.webhooks.delete(stored)

    assert stage.deliveries(made) == []
    assert await stage.work() == 0


async def test_tenants_rsa_key_is_made_once_and_is_its_own(stage: Stage, nats: NatsServer) -> None:
    """Two replicas agree on it, whichever was first; its document holds the public half alone."""
    document = await stage.keys.document("acme")
    async with staged(nats.url) as other:
        assert await other.keys.document("acme") == document
        assert (await other.keys.private("acme")).private_numbers() == (
            await stage.keys.private("acme")
        ).private_numbers()

    assert list(document) == ["publicKey"]
    assert document["publicKey"].startswith("-----BEGIN PUBLIC KEY-----")
    assert (await stage.keys.document("other"))["publicKey"] != document["publicKey"]
