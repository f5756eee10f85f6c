"""Orders that lost a race: carried out again, with the same ids, and not for ever."""

import pytest

from services.api.insisting import ATTEMPTS, Insisting, Lost, insist
from services.api.once import id_of, ordering
from services.common.errors import AppError, Kind


class Racing:
    """Loses so many races before it wins one."""

    def __init__(self, losses: int) -> None:
        self.losses = losses
        self.drawn: list[str] = []

    async def run(self) -> str:
        self.drawn.append(id_of("output/x"))
        if len(self.drawn) <= self.losses:
            raise Lost
        return self.drawn[-1]

    async def MakeOne(self, request: str, _context: object) -> str:  # noqa: N802  gRPC's
        return f"{request} {len(await self.run())}"


async def test_lost_race_is_run_again_with_the_ids_of_the_first_time() -> None:
    """So that an order with a key still finds what it has made; the next id is another one."""
    racing = Racing(2)

    with ordering(b"seed"):
        before = id_of("output/x")
        made = await insist(racing.run)
        after = id_of("output/x")

    assert racing.drawn == [made] * 3
    assert len({before, made, after}) == 3


async def test_who_always_loses_is_told_at_last() -> None:
    """It ends."""
    racing = Racing(ATTEMPTS)

    with pytest.raises(Lost):
        await insist(racing.run)

    assert len(racing.drawn) == ATTEMPTS


async def test_other_refusals_are_the_answer_at_once() -> None:
    """A conflict that is no lost race is nothing that time heals."""
    tried: list[int] = []

    async def refuse() -> None:
        tried.append(1)
        raise AppError(Kind.CONFLICT, "there is one already")

    with pytest.raises(AppError, match="already"):
        await insist(refuse)
    assert tried == [1]


async def test_servicer_insists_by_all_its_methods() -> None:
    """They are called as before."""
    assert await Insisting(Racing(1)).MakeOne("made", None) == "made 32"
