"""How livestreams and outputs are shown to the present caller."""

from dataclasses import dataclass
from functools import partial

from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord, OutputRecord
from headwater.v1.livestreams_pb2 import Livestream
from headwater.v1.outputs_pb2 import Output
from services.api import livestream_view
from services.api.caller import caller
from services.api.output_keys import OutputKeys
from services.api.protocol_keys import ProtocolKeys
from services.api.repository import Stored
from services.api.stream_keys import StreamKeys
from services.api.urls import Urls
from services.common.clock import Clock


@dataclass(frozen=True)
class Showing:
    """Opens what is sealed for those who may see it."""

    keys: StreamKeys
    protocol_keys: ProtocolKeys
    output_keys: OutputKeys
    urls: Urls
    clock: Clock

    def livestream(self, stored: Stored[LivestreamRecord], newest: BroadcastRecord | None) -> Livestream:
        return livestream_view.livestream(stored, newest, self._sight(stored.key))

    def output(self, of: LivestreamRecord, record: OutputRecord) -> Output:
        return livestream_view.public_output(of, record, self._sight(of.id))

    def _sight(self, livestream: str) -> livestream_view.Sight:
        sees_keys = caller().sees_keys
        return livestream_view.Sight(
            urls=self.urls,
            now_us=round(self.clock.now() * 1e6),
            open_key=partial(self.keys.show, livestream) if sees_keys else None,
            open_output=partial(self.output_keys.show, livestream) if sees_keys else None,
            inputs=partial(self.protocol_keys.inputs, sees_keys=sees_keys),
            playouts=partial(self.protocol_keys.playouts, sees_keys=sees_keys),
        )
