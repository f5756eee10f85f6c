"""A publisher and a session joined without a socket, and what the session told."""

from collections.abc import Callable
from typing import TypeVar

from services.common.media.unit import Unit
from services.ingest.rtmp.events import Closed, ConfigReceived, Event, PublishRequested, Warned
from services.ingest.rtmp.limits import Limits
from services.ingest.rtmp.session import Session
from tests.clients.rtmp_client import Publisher

E = TypeVar("E")


def accept(session: Session, _request: PublishRequested) -> None:
    session.accept()


class Pair:
    """Bytes go back and forth in run() until both are silent; every publish is answered by `answer`."""

    def __init__(
        self,
        publisher: Publisher | None = None,
        limits: Limits | None = None,
        answer: Callable[[Session, PublishRequested], object] = accept,
    ) -> None:
        self.now = 0.0
        self.publisher = publisher or Publisher()
        self.session = Session(limits or Limits(), now=self.now)
        self.events: list[Event] = []
        self._answer = answer

    def run(self) -> "Pair":
        while data := self.publisher.data_to_send():
            self.session.receive_data(data, self.now)
            self.drain()
            self.publisher.receive_data(self.session.data_to_send())
        return self

    def drain(self) -> None:
        while event := self.session.next_event():
            self.events.append(event)
            if isinstance(event, PublishRequested):
                self._answer(self.session, event)

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def units(self) -> list[Unit]:
        return self.of(Unit)

    @property
    def records(self) -> list[bytes]:
        return [event.config.record for event in self.of(ConfigReceived)]

    @property
    def warnings(self) -> list[str]:
        return [event.text for event in self.of(Warned)]

    @property
    def closed(self) -> Closed | None:
        return next(iter(self.of(Closed)), None)
