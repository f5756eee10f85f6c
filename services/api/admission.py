"""All that decides who may call, made together."""

from dataclasses import dataclass

from services.api.access import AccessGuard
from services.api.access_tokens import AccessTokens
from services.api.admin_token import read_or_make
from services.api.authenticator import Authenticator
from services.api.last_use import LastUse
from services.api.rate_limit import RateLimit
from services.api.records import Records
from services.api.settings import Settings
from services.api.tenancy import Tenancy
from services.common.clock import Clock
from services.common.proxies import Proxies
from services.common.secrets import derived_key

_PURPOSE = "access tokens"


@dataclass(frozen=True)
class Admission:
    """The guard of both edges, and what it stands on."""

    guard: AccessGuard
    authenticator: Authenticator
    tenancy: Tenancy
    last_use: LastUse
    proxies: Proxies


def make_admission(settings: Settings, records: Records, clock: Clock) -> Admission:
    """AppError(INVALID) for an admin token or a secret key that is none."""
    last_use = LastUse(records.tokens)
    access_tokens = AccessTokens(derived_key(settings, _PURPOSE))
    authenticator = Authenticator(read_or_make(settings.home), records.tokens, access_tokens, last_use, clock)
    tenancy = Tenancy(records.tenants, records.apps)
    proxies = Proxies(settings.trusted_proxies)
    guard = AccessGuard(authenticator, tenancy, RateLimit(settings.rate_limit, clock), proxies)
    return Admission(guard, authenticator, tenancy, last_use, proxies)
