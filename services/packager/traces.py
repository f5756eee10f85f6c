"""The trace that a broadcast's media belongs to, handed on to what is made of it.

It comes with the first message of each connection and goes out with each state and each segment; ticks without state
do without, since nobody asks them where they come from.
"""

from collections.abc import Mapping

from headwater.internal.v1.cmaf_pb2 import State
from services.common.bus.entry import Entry
from services.common.telemetry import consuming, is_carried, outgoing


class Traces:
    """One broadcast's, by instance: a trace goes on until another encoder brings its own."""

    def __init__(self) -> None:
        self._of: dict[str, Mapping[str, str]] = {}

    def inherit(self, state: State, headers: Mapping[str, str]) -> None:
        """Go on with the trace of the state message that a packager before has written."""
        if headers:
            self._of[state.source.instance] = headers

    def note(self, instance: str, entry: Entry) -> None:
        """Take a message of the media log; all but the first of a connection cost nothing."""
        if is_carried(entry.raw_headers):
            with consuming("packager reads an encoder", entry.headers):
                self._of[instance] = outgoing() or {}

    def of(self, state: State) -> Mapping[str, str] | None:
        """The headers that say where the program comes from now; None where nobody keeps traces."""
        return self._of.get(state.source.instance)
