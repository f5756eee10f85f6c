"""Names are resolved and every address is checked before one is connected to."""

import asyncio
import threading

import pytest

from services.common.errors import AppError, Kind
from services.common.targets import OUTPUT_PORTS, Targets
from services.common.tasks import spawn


def _knowing(*addresses: str) -> Targets:
    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return Targets(allows_private=False, resolver=resolve)


async def test_name_with_public_addresses_is_resolved() -> None:
    """All its addresses may be connected to."""
    targets = _knowing("8.8.8.8", "2606:4700::1111")
    target = targets.read("https://hooks.example.org/", field="url")

    assert await targets.resolve(target) == ["8.8.8.8", "2606:4700::1111"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "169.254.169.254"])
async def test_name_is_refused_if_one_address_of_several_is(address: str) -> None:
    """A public address beside it does not make it better."""
    targets = _knowing("8.8.8.8", address)

    with pytest.raises(AppError, match="only public ones"):
        await targets.check("http://hooks.example.org/", field="output.url")


async def test_name_that_leads_inside_later_is_refused_then() -> None:
    """What was good when the URL was given is asked again before each connection."""
    answers = [["8.8.8.8"], ["127.0.0.1"]]

    async def resolve(_host: str, _port: int) -> list[str]:
        return answers.pop(0)

    targets = Targets(allows_private=False, resolver=resolve)
    await targets.check("http://rebind.example.org/", field="url")

    with pytest.raises(AppError) as caught:
        await targets.resolve(targets.read("http://rebind.example.org/", field="url"))
    assert caught.value.kind is Kind.INVALID


async def test_name_that_nobody_knows_passes_when_given_and_fails_when_used() -> None:
    """A name server that is away keeps nobody from writing an URL down."""

    async def resolve(_host: str, _port: int) -> list[str]:
        raise OSError("nobody knows")

    targets = Targets(allows_private=False, resolver=resolve)
    await targets.check("http://nowhere.example.org/", field="url")

    with pytest.raises(OSError, match="nobody knows"):
        await targets.resolve(targets.read("http://nowhere.example.org/", field="url"))


async def test_machines_own_resolver_is_asked() -> None:
    """`localhost` is resolved by the machine, where private targets are allowed."""
    targets = Targets(allows_private=True)
    try:
        found = await targets.resolve(targets.read("http://localhost:1/", field="url"))
    finally:
        await targets.close()

    assert {"127.0.0.1", "::1"} & set(found)


async def test_names_that_hang_keep_no_other_from_being_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time they have few threads of their own, however many they are."""
    awake = threading.Event()

    def ask(host: str, _port: int, **_: object) -> list[tuple[object, ...]]:
        if host.startswith("hangs"):
            awake.wait(20)
        return [(2, 1, 6, "", ("8.8.8.8", 80))]

    monkeypatch.setattr("services.common.targets._THREADS", 2)
    monkeypatch.setattr("services.common.targets.RESOLVE_TIMEOUT_S", 0.05)
    monkeypatch.setattr("socket.getaddrinfo", ask)
    targets = Targets(allows_private=False)

    async def resolve(name: str) -> list[str]:
        return await targets.resolve(targets.read(f"http://{name}.example.org/", field="url"))

    try:
        for name in ("hangs1", "hangs2"):
            with pytest.raises(OSError, match="in time"):
                await resolve(name)
        with pytest.raises(OSError, match="in time"):  # both threads wait for a name server
            await resolve("good")
        awake.set()
        monkeypatch.setattr("services.common.targets.RESOLVE_TIMEOUT_S", 5.0)
        assert await resolve("good") == ["8.8.8.8"]
        awake.clear()
        hanging = [spawn(resolve(name), name=name) for name in ("hangs1", "hangs2")]
        await asyncio.sleep(0)  # they are asked first
        assert await resolve("good") == ["8.8.8.8"]
        awake.set()
        assert await asyncio.gather(*hanging) == [["8.8.8.8"]] * 2
    finally:
        awake.set()
        await targets.close()


async def test_name_of_many_addresses_gives_a_few() -> None:
    """The list of what is tried has a bound."""
    targets = _knowing(*(f"8.8.8.{number}" for number in range(1, 100)))

    assert len(await targets.resolve(targets.read("http://many.example.org/", field="url"))) == 8


async def test_operator_who_allows_all_is_asked_nothing() -> None:
    """No name is resolved when an URL is given, since no answer could refuse it."""

    async def resolve(_host: str, _port: int) -> list[str]:
        raise AssertionError("asked")

    targets = Targets(allows_private=True, resolver=resolve)
    await targets.check("http://intranet.example.org/", field="url")


@pytest.mark.parametrize("url", ["rtmp://127.0.0.1/live", "rtmps://[::1]/live", "srt://10.0.0.1:9000", "srt://0x7f.1"])
async def test_output_that_leads_inside_is_refused(url: str) -> None:
    """The same check for the schemes that outputs have."""
    with pytest.raises(AppError) as caught:
        await _knowing("8.8.8.8").check(url, field="output.url", ports=OUTPUT_PORTS)

    assert (caught.value.kind, caught.value.field) == (Kind.INVALID, "output.url")
    await _knowing("8.8.8.8").check("rtmp://a.rtmp.example/live2", field="output.url", ports=OUTPUT_PORTS)
