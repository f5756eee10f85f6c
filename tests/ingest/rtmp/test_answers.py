"""services.ingest.rtmp.answers"""

import pytest

from services.ingest.rtmp import answers, messages
from services.ingest.rtmp.answers import StatusCode
from services.ingest.rtmp.limits import Limits
from services.ingest.rtmp.messages import Command, MessageType


def connect(**target: float | str) -> Command:
    return Command("connect", 1.0, dict(target), [], 0)


@pytest.mark.parametrize("code", list(StatusCode))
def test_status_has_the_level_encoders_act_upon(code: StatusCode) -> None:
    """Start and Unpublish.Success are statuses; all else is an error, at which OBS and ffmpeg stop."""
    info = messages.read_command(answers.status(code, "words", 1), Limits()).arguments[0]
    level = "status" if code in {StatusCode.PUBLISH_START, StatusCode.UNPUBLISHED} else "error"
    assert info == {"level": level, "code": code.value, "description": "words"}


def test_connect_is_answered_in_the_order_of_the_specification() -> None:
    """Window, bandwidth and chunk size come before the result (7.2.1.1)."""
    kinds = [message.type_id for message in answers.connected(connect())]
    assert kinds == [
        MessageType.WINDOW_ACK_SIZE,
        MessageType.SET_PEER_BANDWIDTH,
        MessageType.SET_CHUNK_SIZE,
        MessageType.COMMAND,
    ]


@pytest.mark.parametrize(("asked", "answered"), [(0.0, 0.0), (3.0, 3.0), (7.0, 0.0), ("3", 0.0)])
def test_object_encoding_is_echoed_if_there_is_such(asked: float | str, answered: float) -> None:
    """AMF0 and AMF3 are echoed, nonsense becomes AMF0."""
    result = messages.read_command(answers.connected(connect(objectEncoding=asked))[-1], Limits())
    info = result.arguments[0]
    assert isinstance(info, dict)
    assert info["objectEncoding"] == answered


def test_answers_answer_only_who_asked() -> None:
    """Transaction 0 asks for nothing, and answers are never answered."""
    assert answers.result(Command("x", 0.0, {}, [], 0)) == []
    assert answers.unknown(Command("x", 0.0, {}, [], 0)) == []
    assert answers.unknown(Command("_error", 4.0, {}, [], 0)) == []
