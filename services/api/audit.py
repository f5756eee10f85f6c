"""Who changed tenants, apps, tokens, signing keys and webhooks: a fact for the audit trail, and a line in the log.

Livestreams and media keep their changes in their records and say them again after a crash (telling.py). These do not:
a change that api did not outlive by a moment is in no fact, unless its order comes again with its Idempotency-Key.
"""

from collections.abc import Iterable
from enum import StrEnum

from headwater.internal.v1.facts_pb2 import AccountChanged, Fact
from services.api.caller import caller
from services.api.once import id_of
from services.common.bus.facts import FactPublisher
from services.common.clock import Clock
from services.common.facts import say
from services.common.log import get_logger

_log = get_logger(__name__)


class Audited(StrEnum):
    """What is changed."""

    TENANT = "tenant"
    APP = "app"
    TOKEN = "token"  # noqa: S105  a kind of object
    SIGNING_KEY = "signing-key"
    WEBHOOK = "webhook"


class Audit:
    """To be told of each change that was made, within the call that made it."""

    def __init__(self, facts: FactPublisher, clock: Clock) -> None:
        self._facts = facts
        self._clock = clock

    def created(self, kind: Audited, object_id: str, *, tenant: str = "") -> None:
        self._note(kind, object_id, "created", (), tenant)

    def updated(self, kind: Audited, object_id: str, fields: Iterable[str], *, tenant: str = "") -> None:
        self._note(kind, object_id, "updated", fields, tenant)

    def deleted(self, kind: Audited, object_id: str, *, tenant: str = "") -> None:
        self._note(kind, object_id, "deleted", (), tenant)

    def _note(self, kind: Audited, object_id: str, change: str, fields: Iterable[str], tenant: str) -> None:
        """`tenant` is the caller's where it is not named. An order that comes again says the same fact."""
        who = caller()
        changed = AccountChanged(
            kind=kind,
            object_id=object_id,
            change=change,
            fields=sorted(fields),
            tenant_id=tenant or who.tenant_id,
            token_id=who.token_id,
        )
        at_us = round(self._clock.now() * 1e6)
        fact_id = id_of(f"audit/{kind}/{object_id}/{change}")
        _log.info(
            f"{kind} {change}", id=object_id, tenant=changed.tenant_id, by=who.token_id, fields=list(changed.fields)
        )
        say(self._facts, Fact(id=fact_id, time_us=at_us, account_changed=changed))
