"""The only file that spells a Redis key of ours. Pure.

The livestream stands in braces, so that a Redis Cluster keeps all keys of one livestream in one slot.

| key (after `headwater:stats:`) | type | holds |
|---|---|---|
| `{active}` | sorted set | livestream -> until when something of it is there (ms) |
| `{L}:encoders:<instance>` | sorted set | `<protocol>/<connection>` -> until when it counts (ms) |
| `{L}:left:<instance>` | sorted set | the same members once they have left -> when (ms) |
| `{L}:bitrates:<instance>` | hash | the same members -> bits a second |
| `{L}:sources` | sorted set | `<broadcast> <instance>` -> place in FACTS; the highest is on air |
| `{L}:viewers:<broadcast>` | sorted set | viewer's hash, 8 bytes -> until when he counts (ms) |
| `{L}:uniques:<broadcast>` | HyperLogLog | viewers' hashes since the broadcast began |
| `{L}:viewed:<broadcast>` | string | milliseconds that viewers have watched |
| `{L}:counted:<broadcast>` | sorted set | places in FACTS of what is in `viewed`, the newest thousand |
| `{L}:samples:<instance>` | stream | the fields of `figures`; the id is `<time slot in ms>-0` |
| `{L}:stored` | sorted set | instance -> the slot up to which its samples are in the object store (ms) |
| `{samples}:waiting` | sorted set | `<livestream> <instance>` -> its newest slot (ms), as long as that is not stored |
| `{samples}:gone` | sorted set | livestream -> when its samples were deleted (ms) |
"""

_PREFIX = "headwater:stats:"

ACTIVE = _PREFIX + "{active}"
WAITING = _PREFIX + "{samples}:waiting"
GONE = _PREFIX + "{samples}:gone"


def encoders(livestream: str, instance: str) -> str:
    return f"{_of(livestream)}:encoders:{instance}"


def left(livestream: str, instance: str) -> str:
    return f"{_of(livestream)}:left:{instance}"


def bitrates(livestream: str, instance: str) -> str:
    return f"{_of(livestream)}:bitrates:{instance}"


def sources(livestream: str) -> str:
    return f"{_of(livestream)}:sources"


def viewers(livestream: str, broadcast: str) -> str:
    return f"{_of(livestream)}:viewers:{broadcast}"


def uniques(livestream: str, broadcast: str) -> str:
    return f"{_of(livestream)}:uniques:{broadcast}"


def viewed(livestream: str, broadcast: str) -> str:
    return f"{_of(livestream)}:viewed:{broadcast}"


def counted(livestream: str, broadcast: str) -> str:
    return f"{_of(livestream)}:counted:{broadcast}"


def samples(livestream: str, instance: str) -> str:
    return f"{_of(livestream)}:samples:{instance}"


def stored(livestream: str) -> str:
    return f"{_of(livestream)}:stored"


def _of(livestream: str) -> str:
    return f"{_PREFIX}{{{livestream}}}"
