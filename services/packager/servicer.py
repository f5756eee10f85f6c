"""What this packager is asked: which programs it writes."""

from typing import Any

from headwater.internal.v1.services_pb2 import ListProgramsRequest, ListProgramsResponse
from headwater.internal.v1.services_pb2_grpc import ProgramServiceServicer
from services.common.clock import Clock
from services.packager.broadcasts import Broadcasts


class ProgramServicer(ProgramServiceServicer):
    """Answers from what the replica carries."""

    def __init__(self, broadcasts: Broadcasts, clock: Clock) -> None:
        self._broadcasts = broadcasts
        self._clock = clock

    async def ListPrograms(  # noqa: N802  the proto's name
        self, request: ListProgramsRequest, context: Any
    ) -> ListProgramsResponse:
        """Every broadcast carried, with the instance on air and how far its last tick is behind the clock."""
        del request, context
        answer = ListProgramsResponse()
        for broadcast in self._broadcasts.carried:
            program = broadcast.program
            if program is None:
                continue
            state = program.ledger.state
            behind_s = self._clock.now() - program.ledger.head.program_time_us / 1e6
            answer.programs.add(
                livestream_id=broadcast.record.livestream_id,
                broadcast_id=broadcast.record.broadcast_id,
                source_instance="" if program.lost_since_us else state.source.instance,
                source_reason=state.source_reason,
                msn=program.ledger.msn,
                behind_s=behind_s if program.ledger.head.program_time_us else 0.0,
            )
        return answer
