"""The page's question: where does it stand?"""

import json

import pytest

from headwater.internal.v1.onair_pb2 import Playback
from services.packager.origin.lifecycle import answer


@pytest.mark.parametrize("state", [Playback.LIVE, Playback.ENDED, Playback.RECORDED])
@pytest.mark.parametrize("asked", ["l", "b"])
def test_answer_says_the_state_and_nothing_secret(state: Playback.State.ValueType, asked: str) -> None:
    """State, livestream and broadcast, the video that an input shows now; but not where it lies in the store."""
    record = Playback(livestream_id="l", broadcast_id="b", state=state, store_prefix="unguessable")

    made = answer(record, asked)

    body = b"".join(made.plain.body)
    assert json.loads(body) == {
        "live": state == Playback.LIVE,
        "state": Playback.State.Name(state),
        "livestreamId": "l",
        "broadcastId": "b",
        "isInput": asked == "l",
        "videoUID": "b" if asked == "b" or state == Playback.LIVE else None,
    }
    assert b"unguessable" not in body
