"""A fact or a change of state, as a format tells it."""

import json
from typing import Any

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.webhooks_pb2 import SaidStateRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api.webhooks.formats.table import Format, told
from services.api.webhooks.happening import Scene, happenings
from tests.api.webhooks.scenes import LETTER, fact, scene


def told_fact(format_: Format, said: Fact, around: Scene | None = None) -> tuple[str, dict[str, Any]] | None:
    idle = SaidStateRecord(state=Livestream.IDLE)
    (happening,) = happenings(said, idle, idle, "")
    found = told(format_, happening, around or scene(), LETTER)
    return None if found is None else (found[0], json.loads(found[1]))


def told_state(format_: Format, old: str, new: str) -> tuple[str, dict[str, Any]] | None:
    before, after = (SaidStateRecord(state=Livestream.State.Value(name)) for name in (old, new))
    (happening,) = happenings(fact("media_lost"), before, after, "why")
    found = told(format_, happening, scene(), LETTER)
    return None if found is None else (found[0], json.loads(found[1]))
