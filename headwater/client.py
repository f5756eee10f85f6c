"""The Python client over gRPC, waiting and awaited. What it can do is generated from the protos: headwater.v1.calls."""

from typing import ClassVar, Self

from headwater.address import checked_tenant, checked_token, default_grpc_url, default_tenant, default_token
from headwater.channel import AsyncChannel, SyncChannel, Terms
from headwater.v1.calls import AsyncCalls, Calls

DEADLINE_S = 10.0


class _Door:
    """How both are opened."""

    _channel_kind: ClassVar[type[SyncChannel] | type[AsyncChannel]]

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        tenant: str | None = None,
        deadline_s: float = DEADLINE_S,
        root_certificates: bytes | None = None,
    ) -> None:
        """`url` is `grpc://host:port`, or `grpcs://host:port` for TLS.

        Without arguments: HEADWATER_GRPC_URL (else the host of HEADWATER_URL) and HEADWATER_TOKEN, else the state
        folder of this machine. The installation's admin token acts in `tenant` (HEADWATER_TENANT), or else in
        "default". `deadline_s` is for each call, repetitions included. `root_certificates` (PEM) are trusted instead
        of the system's.
        """
        terms = Terms(
            url=url or default_grpc_url(),
            token=checked_token(default_token() if token is None else token),
            tenant=checked_tenant(default_tenant() if tenant is None else tenant),
            deadline_s=deadline_s,
            root_certificates=root_certificates,
        )
        self._channel = self._channel_kind(terms)
        super().__init__(self._channel)  # type: ignore[call-arg]  # the generated class is the next one


class Client(_Door, Calls):
    """The API of one Headwater; each call waits for its answer. Threads may share it.

    with Client() as client:
        livestream = client.livestreams.create(name="Town hall")

    Answers are the messages of headwater.v1. Calls raise what headwater.errors lists.
    """

    _channel_kind = SyncChannel

    def close(self) -> None:
        """Let go of the connection."""
        self._channel.inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_Door, AsyncCalls):
    """As Client, for asyncio: calls are awaited, lists are read with `async for`. Made and used in one loop."""

    _channel_kind = AsyncChannel

    async def close(self) -> None:
        """Let go of the connection."""
        await self._channel.inner.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
