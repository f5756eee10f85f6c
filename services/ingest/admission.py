"""Who is let in: from the key an encoder shows to its place on air."""

import asyncio

from headwater.internal.v1.facts_pb2 import Fact
from services.common.bus.errors import BusError, Unavailable
from services.common.facts import say
from services.common.ids import new_id
from services.common.input_rules import code_of
from services.common.log import get_logger
from services.common.telemetry import tracer
from services.ingest.edge import Edge, Introduction
from services.ingest.encoder import Encoder
from services.ingest.joining import Applicant, Refusal, Why
from services.ingest.keys import Found
from services.ingest.on_air import Tell

ADMIT_S = 10.0
"""A restart of NATS fits in; below the encoder's patience and the session's own bound."""
_RETRY_S = 0.1

_log = get_logger(__name__)
_tracer = tracer(__name__)


async def admit(edge: Edge, who: Introduction, on_loss: Tell) -> Encoder | Refusal:
    """Let an encoder in, or say why not; `on_loss` is called once if it is no longer meant. Never raises."""
    try:
        async with asyncio.timeout(ADMIT_S):
            return await _admit(edge, who, on_loss)
    except (BusError, TimeoutError) as error:
        _log.warning("an encoder cannot be admitted", remote=who.remote_address, reason=repr(error))
        return Refusal(Why.AWAY, "the server is not ready; try again in a moment")


async def _admit(edge: Edge, who: Introduction, on_loss: Tell) -> Encoder | Refusal:
    found = await _find_key(edge, who)
    if found is None:
        # A stranger with a wrong key is nobody's fact: he could fill the stream. Metrics and the log tell of him.
        _log.warning("encoder refused", reason="the stream key is unknown", remote=who.remote_address)
        return Refusal(Why.UNKNOWN_KEY, "the stream key is unknown")
    with _tracer.start_as_current_span("ingest lets an encoder in"):
        return await _let_in(edge, who, found, on_loss)


async def _let_in(edge: Edge, who: Introduction, found: Found, on_loss: Tell) -> Encoder | Refusal:
    applicant = Applicant(found.key, new_id(), edge.name, who.protocol, round(edge.clock.now() * 1e6))
    joined = await edge.on_air.join(applicant, on_loss, is_here=who.is_here)
    if isinstance(joined, Refusal):
        if joined.why is not Why.LEFT:
            _say_refused(edge, who, found, joined)
        return joined
    encoder = Encoder(edge, found, joined, who, applicant.token)
    try:
        await encoder.open()
    except BaseException:  # a cancellation too must not leave a member nobody is
        edge.on_air.leave(applicant.token)
        raise
    return encoder


async def _find_key(edge: Edge, who: Introduction) -> Found | None:
    while True:
        try:
            return await edge.keys.find(who.candidates)
        except Unavailable:
            await asyncio.sleep(_RETRY_S)


def _say_refused(edge: Edge, who: Introduction, found: Found, refusal: Refusal) -> None:
    """Say it once: by its code where it has one."""
    fact = Fact(id=new_id(), time_us=round(edge.clock.now() * 1e6))
    fact.livestream_id, fact.instance = found.key.livestream_id, found.key.instance
    code = code_of(refusal.reason)
    if code:
        rejected = fact.input_rejected
        rejected.code, rejected.reason, rejected.is_refused = code, refusal.reason, True
    else:
        refused = fact.encoder_refused
        refused.reason, refused.remote_address, refused.protocol = refusal.reason, who.remote_address, who.protocol
    say(edge.facts, fact)
    _log.warning(
        "encoder refused",
        livestream=found.key.livestream_id,
        instance=found.key.instance,
        reason=refusal.reason,
        remote=who.remote_address,
    )
