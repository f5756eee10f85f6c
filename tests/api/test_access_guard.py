"""The guard by itself: what a call costs its token, and who is seen inside of it."""

from types import SimpleNamespace
from typing import cast

import grpc
import pytest

from headwater.v1.tokens_pb2 import Token
from services.api.access import AccessGuard, Caller, caller
from services.api.credentials import Credential
from services.api.rate_limit import RateLimit
from services.api.rest.local_call import LocalContext
from services.common.clock import ManualClock
from services.common.errors import AppError, Kind
from services.common.rpc_call import Context

METHOD = "/headwater.v1.AppService/ListApps"


class ByName:
    """Knows everybody by the secret he shows."""

    def knows(self, shown: Credential) -> bool:
        return shown.secret != "stranger"

    async def identify(self, shown: Credential, _address: str) -> Caller:
        return Caller(Token.READ, "acme", shown.secret)


class Anywhere:
    async def place(self, who: Caller, tenant: str, app: str) -> Caller:
        return who.within(tenant or who.tenant_id, app)


@pytest.fixture
def guard() -> AccessGuard:
    rate = RateLimit(0.2, ManualClock())
    return AccessGuard(ByName(), Anywhere(), rate)


def context(secret: str, **more: str) -> Context:
    metadata = {"authorization": f"Bearer {secret}"} | {name.replace("_", "-"): text for name, text in more.items()}
    return cast("Context", LocalContext(metadata, "http:127.0.0.1:1"))


@pytest.mark.parametrize(("shown", "waits"), [("Bearer a", False), ("Bearer stranger", True), ("", True)])
async def test_message_of_a_stranger_is_not_read_before_it_is_known_who_he_is(
    guard: AccessGuard, shown: str, waits: bool
) -> None:
    """gRPC reads one message before it calls a handler of one, and none before it calls a handler of a stream."""

    async def answer(request: bytes, _context: object) -> bytes:
        return request

    async def continuation(_details: object) -> object:
        return grpc.unary_unary_rpc_method_handler(answer)

    details = SimpleNamespace(method=METHOD, invocation_metadata=(("authorization", shown),))
    handler = await guard.intercept_service(continuation, details)

    assert handler.request_streaming is waits


async def test_caller_is_seen_inside_the_call_and_nowhere_else(guard: AccessGuard) -> None:
    """With the tenant and the app that the call named."""
    async with guard.around(METHOD, context("a", x_headwater_tenant="t", x_headwater_app="b")):
        who = caller()

    assert (who.token_id, who.tenant_id, who.app_id, who.sees_keys) == ("a", "t", "b", False)
    with pytest.raises(LookupError):
        caller()


async def test_token_above_its_rate_is_refused_and_another_is_not(guard: AccessGuard) -> None:
    """With how long to wait."""
    for _ in range(2):
        async with guard.around(METHOD, context("a")):
            pass
    with pytest.raises(AppError) as caught:
        async with guard.around(METHOD, context("a")):
            pass
    async with guard.around(METHOD, context("b")):
        pass

    assert caught.value.kind is Kind.LIMIT
    assert caught.value.retry_after_s == pytest.approx(5)
