"""How a fact gets onto the bus."""

from headwater.internal.v1.facts_pb2 import Fact
from services.common import subjects
from services.common.bus.facts import FactPublisher


def say(facts: FactPublisher, fact: Fact) -> None:
    """Put a fact on the bus under the subject of its kind."""
    subject = subjects.fact(str(fact.WhichOneof("fact")), fact.livestream_id)
    facts.publish(subject, fact.SerializeToString(), fact.id)
