"""Who may watch, decided from what is held in memory. Pure: told of policies and keys, and asked with `now`.

No request asks anybody. What has never been told of is refused, unless the operator wants otherwise; what is taken back
holds from the moment it is told, also for tokens that were good a moment ago.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from headwater.internal.v1.protection_pb2 import CaptionTrack, Policy, SigningKeyRecord
from services.common.protection.countries import CountryTable
from services.common.protection.origins import is_shown_by
from services.common.protection.rules import may_watch
from services.common.protection.token import Permission, TokenError, check_time, key_id_of, permits, verified

_PLAIN: Final = Policy()
"""Stands for every policy that says nothing: an origin holds those of all recordings there are."""
_NAMING = frozenset({"tenant_id", "livestream_id"})

MAX_TOKENS = 20_000
"""So many verified tokens are remembered; a signature takes 40 microseconds, remembering it one."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be watched, and what the request shows of the viewer."""

    livestream_id: str
    broadcast_id: str
    by_livestream: bool
    """It was asked for by the livestream's id; else by the broadcast's, which is the media's."""
    is_live: bool
    token: str = ""
    origin: str = ""
    referer: str = ""
    address: str = ""
    is_own_page: bool = False
    """A page of this origin asks, which was itself shown by an allowed site."""
    is_file: bool = False
    """A file to download, which a token must permit by itself."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status` is 200, or what the refusal is; answers to a private one are no cache's to keep."""

    status: int
    reason: str = ""
    is_private: bool = False


OPEN: Final = Verdict(200)
_NOT_THERE: Final = Verdict(404, "there is nothing here")
_ELSEWHERE: Final = Verdict(403, "this site may not show it", is_private=True)
_LET_IN: Final = Verdict(200, is_private=True)


@dataclass(frozen=True, slots=True)
class _Key:
    tenant_id: str
    public: RSAPublicKey


class Gate:
    """What an origin knows of who may watch."""

    def __init__(
        self,
        *,
        unknown_is_open: bool = False,
        nameless_is_shown: bool = False,
        countries: CountryTable | None = None,
    ) -> None:
        """`nameless_is_shown`: who says of no site that it shows him this may have what only some sites may show."""
        self.version = 0
        """Grows with whatever may change a verdict."""
        self._unknown_is_open = unknown_is_open
        self._nameless_is_shown = nameless_is_shown
        self._countries = countries or CountryTable()
        self._policies: dict[str, Policy] = {}
        self._keys: dict[str, _Key] = {}
        self._verified: dict[str, Permission] = {}

    def learn_policy(self, key: str, policy: Policy | None) -> None:
        """A livestream's or a media's rules as they are now; None: there are none any more."""
        if policy is not None and _says_nothing(policy):
            policy = _PLAIN
        if self._policies.get(key) == policy:
            return
        self.version += 1
        if policy is None:
            self._policies.pop(key, None)
        else:
            self._policies[key] = policy

    def learn_key(self, key: str, record: SigningKeyRecord | None) -> None:
        """A signing key, or None: it is revoked."""
        self.version += 1
        self._verified.clear()
        public = load_der_public_key(record.public_key) if record is not None else None
        if record is None or not isinstance(public, RSAPublicKey):
            self._keys.pop(key, None)
        else:
            self._keys[key] = _Key(record.tenant_id, public)

    def hides_viewers(self, livestream: str) -> bool:
        """Whether the number of viewers is not said in public."""
        policy = self._policies.get(livestream)
        return policy is None or policy.is_deleted or policy.hide_viewer_count

    def has_low_latency(self, livestream: str) -> bool:
        """Whether LL-HLS may be given of it; of one without rules the origin's own setting decides alone."""
        policy = self._policies.get(livestream)
        return policy is None or not policy.has_no_low_latency

    def allowed_origins(self, identifier: str) -> tuple[str, ...]:
        """The sites that may show a livestream or a media; none: all."""
        policy = self._policies.get(identifier)
        return tuple(policy.allowed_origins) if policy is not None else ()

    def thumbnail(self, identifier: str) -> tuple[str, float]:
        """Of a livestream or a media: the object that was uploaded, or "", and else where to take it, 0 to 1."""
        policy = self._policies.get(identifier)
        return (policy.thumbnail_object_key, policy.thumbnail_position) if policy is not None else ("", 0.0)

    def captions(self, media: str) -> tuple[CaptionTrack, ...]:
        """The text tracks of a media."""
        policy = self._policies.get(media)
        return tuple(policy.captions) if policy is not None else ()

    def judge_page(self, identifier: str, ask: Ask) -> Verdict:
        """Whether the player page may be shown; it holds nothing that a token would be needed for."""
        policy = self._policies.get(identifier)
        if policy is None or not policy.allowed_origins:
            return OPEN
        return _LET_IN if ask.is_own_page or self._is_shown(policy, ask) else _ELSEWHERE

    def is_open(self, ask: Ask) -> bool:
        """Whether anybody may watch, so that nothing of the request matters."""
        policies = self._holding(ask)
        if not policies:
            return self._unknown_is_open
        return not any(policy.is_deleted or _is_guarded(policy) for policy in policies)

    def judge(self, ask: Ask, now: float) -> Verdict:
        """Whether this request may. `now` in Unix seconds."""
        policies = self._holding(ask)
        if not policies:
            return OPEN if self._unknown_is_open else _NOT_THERE
        if any(policy.is_deleted for policy in policies):
            return _NOT_THERE
        if not any(_is_guarded(policy) for policy in policies):
            return OPEN
        for policy in policies:
            if not ask.is_own_page and not self._is_shown(policy, ask):
                return _ELSEWHERE
        signed = [policy for policy in policies if policy.require_signed_urls]
        try:
            for policy in signed:
                self._check_token(ask, policy.tenant_id, now)
        except TokenError as error:
            return Verdict(401, str(error), is_private=True)
        except PermissionError as error:
            return Verdict(403, str(error), is_private=True)
        return _LET_IN

    def _is_shown(self, policy: Policy, ask: Ask) -> bool:
        if not policy.allowed_origins or (self._nameless_is_shown and not ask.origin and not ask.referer):
            return True
        return is_shown_by(policy.allowed_origins, ask.origin, ask.referer)

    def _holding(self, ask: Ask) -> list[Policy]:
        """What holds: by the livestream's id its own policy, by the media's the media's, and while it is live both."""
        livestream, media = self._policies.get(ask.livestream_id), self._policies.get(ask.broadcast_id)
        if ask.by_livestream:
            return _known(livestream)
        return _known(livestream, media) if ask.is_live or media is None else [media]

    def _check_token(self, ask: Ask, tenant: str, now: float) -> None:
        """TokenError if there is none that is good; PermissionError if its rules keep this viewer out."""
        if not ask.token:
            raise TokenError("a playback token is needed")
        permission = self._permission(ask.token, tenant)
        check_time(permission, now)
        if not permits(permission, (ask.livestream_id, ask.broadcast_id)):
            raise TokenError("the token is for something else")
        if ask.is_file and not permission.is_downloadable:
            raise PermissionError("the token permits no downloads")
        if not may_watch(permission.rules, ask.address, self._countries.country_of):
            raise PermissionError("the token's rules keep you out")

    def _permission(self, token: str, tenant: str) -> Permission:
        known = self._verified.get(token)
        key = self._keys.get(known.key_id if known is not None else key_id_of(token))
        if key is None or key.tenant_id != tenant:
            raise TokenError("the token's key is not known")
        if known is not None:
            return known
        found = verified(token, key.public)
        if len(self._verified) >= MAX_TOKENS:
            self._verified.clear()
        self._verified[token] = found
        return found


def _says_nothing(policy: Policy) -> bool:
    return all(field.name in _NAMING for field, _ in policy.ListFields())


def _is_guarded(policy: Policy) -> bool:
    return policy.require_signed_urls or bool(policy.allowed_origins)


def _known(*policies: Policy | None) -> list[Policy]:
    return [policy for policy in policies if policy is not None]
