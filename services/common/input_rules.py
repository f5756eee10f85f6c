"""What is asked of encoders, as programs, facts and webhooks name it. Pure."""

from headwater.internal.v1.onair_pb2 import Rules

GOP_OUT_OF_RANGE = "ERR_GOP_OUT_OF_RANGE"
UNSUPPORTED_VIDEO_CODEC = "ERR_UNSUPPORTED_VIDEO_CODEC"
UNSUPPORTED_AUDIO_CODEC = "ERR_UNSUPPORTED_AUDIO_CODEC"
STORAGE_QUOTA_EXHAUSTED = "ERR_STORAGE_QUOTA_EXHAUSTED"

_CODES = (GOP_OUT_OF_RANGE, UNSUPPORTED_VIDEO_CODEC, UNSUPPORTED_AUDIO_CODEC, STORAGE_QUOTA_EXHAUSTED)

QUOTA_REFUSAL = f"{STORAGE_QUOTA_EXHAUSTED}: the storage quota is exhausted"
"""What stands in the stream keys of a tenant whose quota is: encoders are told these words."""


def applies(rules: Rules) -> bool:
    """Whether a livestream's encoders are held to the rules; what is only relayed is nobody's but theirs."""
    return rules.record or not rules.is_hidden


def code_of(refusal: str) -> str:
    """The code with which the words of a refusal begin; empty if they begin with none."""
    code = refusal.partition(":")[0]
    return code if code in _CODES else ""
