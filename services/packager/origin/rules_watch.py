"""Tells the gate of policies and signing keys, as they change."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from google.protobuf.message import DecodeError

from headwater.internal.v1.protection_pb2 import Policy, SigningKeyRecord
from services.common.bus.bucket import Bucket
from services.common.errors import AppError, Kind
from services.common.log import get_logger
from services.common.protection.countries import CountryTable
from services.packager.origin.gate import Gate

_log = get_logger(__name__)


class RulesWatch:
    """Follows both buckets through reconnects; while NATS is away what was last told of holds."""

    def __init__(self, gate: Gate, policies: Bucket, keys: Bucket) -> None:
        self._gate = gate
        self._policies = policies
        self._keys = keys
        self._has_policies = self._has_keys = False

    async def check(self) -> None:
        """Ready once all there is has been told."""
        if not (self._has_policies and self._has_keys):
            raise AppError(Kind.UNAVAILABLE, "the rules of who may watch are still being read")

    async def watch_policies(self) -> None:
        """Until cancelled."""
        async with self._policies.watch() as changes:
            async for change in changes:
                if change is None:
                    self._has_policies = True
                else:
                    self._gate.learn_policy(change.key, _policy(change.key, change.value))

    async def watch_keys(self) -> None:
        """Until cancelled."""
        async with self._keys.watch() as changes:
            async for change in changes:
                if change is None:
                    self._has_keys = True
                else:
                    self._learn_key(change.key, change.value)

    def _learn_key(self, key: str, value: bytes | None) -> None:
        try:
            self._gate.learn_key(key, SigningKeyRecord.FromString(value) if value is not None else None)
        except (DecodeError, ValueError, UnsupportedAlgorithm):
            _log.error("a signing key cannot be read and is not known", key=key)
            self._gate.learn_key(key, None)


def _policy(key: str, value: bytes | None) -> Policy | None:
    """What cannot be read lets nobody in."""
    if value is None:
        return None
    try:
        return Policy.FromString(value)
    except DecodeError:
        _log.error("a policy cannot be read: what it is about is refused", key=key)
        return Policy(is_deleted=True)


def read_countries(path: Path | None) -> CountryTable:
    """The operator's table, or an empty one. AppError(INVALID) says what is wrong with the file."""
    if path is None:
        return CountryTable()
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return CountryTable(lines)
    except (OSError, ValueError) as error:
        raise AppError(Kind.INVALID, f"HEADWATER_COUNTRY_TABLE: {path}: {error}") from None
