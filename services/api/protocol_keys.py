"""Credentials of the protocols beside RTMP, each with its playback twin: minted at creation, kept sealed, shown.

They are made and kept from the start, so that a livestream need not change when its protocol is served one day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headwater.internal.v1.records_pb2 import CredentialRecord
from headwater.v1.livestreams_pb2 import Input, Playout
from services.common import ports
from services.common.ids import new_stream_key
from services.common.secrets import Sealer

INSTANCES = ("primary", "secondary")
INGEST = ("rtmps", "srt", "whip")
PLAYBACK = ("rtmps", "srt", "whep")

_IN_URL = {"whip", "whep"}
"""The secret is a part of the URL."""
_SECRETS = {"srt": "passphrase", "rtmps": "stream_key"}
"""What it is called otherwise."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The host that the world knows, and the ports where these protocols will be served."""

    host: str = "localhost"
    rtmps_port: int = ports.RTMPS
    srt_port: int = ports.SRT
    whip_port: int = ports.WHIP

    def url(self, protocol: str, *, secret: str, is_playback: bool) -> str:
        """Of WHIP and WHEP the secret is a part; nobody who may not see it may see the URL."""
        if protocol == "rtmps":
            return f"rtmps://{self.host}:{self.rtmps_port}/live"
        if protocol == "srt":
            return f"srt://{self.host}:{self.srt_port}"
        kind = "play" if is_playback else "publish"
        return f"http://{self.host}:{self.whip_port}/{secret}/webRTC/{kind}"


class ProtocolKeys:
    """Mints and shows them."""

    def __init__(self, sealer: Sealer, addresses: Addresses) -> None:
        self._sealer = sealer
        self._addresses = addresses

    def mint(self, livestream: str) -> list[CredentialRecord]:
        """For each instance one of each protocol, and for each protocol one to watch with."""
        wanted = [(protocol, False, instance) for instance in INSTANCES for protocol in INGEST]
        wanted += [(protocol, True, "") for protocol in PLAYBACK]
        return [self._mint(livestream, *each) for each in wanted]

    def _mint(self, livestream: str, protocol: str, is_playback: bool, instance: str) -> CredentialRecord:
        made = CredentialRecord(protocol=protocol, is_playback=is_playback, instance=instance)
        if protocol == "srt":
            made.stream_id = f"play{new_stream_key()}" if is_playback else new_stream_key()
        made.sealed_secret = self._sealer.seal(new_stream_key(), _context(livestream, protocol, is_playback, instance))
        return made

    def inputs(self, livestream: str, credentials: Sequence[CredentialRecord], *, sees_keys: bool) -> list[Input]:
        """Those for encoders."""
        return [self._input(livestream, each, sees_keys) for each in credentials if not each.is_playback]

    def playouts(self, livestream: str, credentials: Sequence[CredentialRecord], *, sees_keys: bool) -> list[Playout]:
        """Those for viewers."""
        return [self._playout(livestream, each, sees_keys) for each in credentials if each.is_playback]

    def _input(self, livestream: str, credential: CredentialRecord, sees_keys: bool) -> Input:
        instance = credential.instance
        return Input(instance=instance, **self._shown(livestream, credential, instance, False, sees_keys))

    def _playout(self, livestream: str, credential: CredentialRecord, sees_keys: bool) -> Playout:
        return Playout(**self._shown(livestream, credential, credential.instance, True, sees_keys))

    def _shown(
        self, livestream: str, credential: CredentialRecord, instance: str, is_playback: bool, sees_keys: bool
    ) -> dict[str, Any]:
        protocol, stream_id, secret = credential.protocol, credential.stream_id, ""
        shown: dict[str, Any] = {"protocol": protocol, "is_served": False}
        if sees_keys:
            secret = self._sealer.open(credential.sealed_secret, _context(livestream, protocol, is_playback, instance))
        if sees_keys or protocol not in _IN_URL:
            shown["url"] = self._addresses.url(protocol, secret=secret, is_playback=is_playback)
        if stream_id:
            shown["stream_id"] = stream_id
        if sees_keys and protocol in _SECRETS:
            shown[_SECRETS[protocol]] = secret
        return shown


def _context(livestream: str, protocol: str, is_playback: bool, instance: str) -> str:
    return f"credential/{livestream}/{protocol}/{'playback' if is_playback else 'ingest'}/{instance}"
