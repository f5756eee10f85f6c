"""One encoder's connection, server side: the rules upon `state`'s table.

    session = Session(limits, now=now)
    session.receive_data(data, now)            # at most 64 KB at a time, so that a stranger holds no more
    while event := session.next_event(): ...   # PublishRequested -> accept() or reject(); Closed is the last
    transport.write(session.data_to_send())    # after every call, also after accept, reject, close and handle_timer
    session.timeout_at, session.handle_timer(now)

Between PublishRequested and its answer nothing is read: pause the socket, or what comes is held up to
limits.stranger_bytes. Peer input never raises; a violation becomes Closed with fault "peer".
"""

from collections import deque
from collections.abc import Callable
from typing import ClassVar

from services.ingest.rtmp import answers, messages, names
from services.ingest.rtmp.amf0 import Value
from services.ingest.rtmp.answers import StatusCode
from services.ingest.rtmp.chunk_reader import ChunkReader
from services.ingest.rtmp.chunk_writer import ChunkWriter
from services.ingest.rtmp.errors import ClockError, ProtocolError, UnsupportedCodecError
from services.ingest.rtmp.events import (
    Closed,
    CodecRefused,
    Event,
    Fault,
    MetadataReceived,
    PublishRequested,
    Unpublished,
    Warned,
)
from services.ingest.rtmp.handshake import Handshake
from services.ingest.rtmp.intake import Intake, MediaCounts
from services.ingest.rtmp.limits import Limits
from services.ingest.rtmp.messages import Command, Message, MessageType, UserControl
from services.ingest.rtmp.state import State, Trigger, after, can

_CONTROL_CSID, _COMMAND_CSID = 2, 3
_ENCODER_LENGTH = 128
_PUBLISHING, _AUDIO, _VIDEO = State.PUBLISHING, int(MessageType.AUDIO), int(MessageType.VIDEO)
"""The hot path's words: reaching into an enum costs as much as the rest of a test."""
_LEAST_ACK_EVERY = 16 * 1024
"""However small the window a peer asks for."""


class Session:
    """See the module. Times are seconds of the caller's clock."""

    def __init__(self, limits: Limits, *, now: float) -> None:
        self.state = State.HANDSHAKE
        self.timeout_at: float | None = now + limits.handshake_s
        """When handle_timer is due; None once closed."""
        self.bytes_received = 0
        self.bytes_sent = 0
        self.messages_received = 0
        self.media = MediaCounts()
        self._limits = limits
        self._now = now
        self._handshake = Handshake()
        self._reader = ChunkReader(limits)
        self._reader.message_limit = limits.stranger_message_bytes
        self._writer = ChunkWriter(shortens=False)
        self._held = bytearray()
        self._out = bytearray()
        self._events: deque[Event] = deque()
        self._warnings: set[str] = set()
        self._stranger_since = 0
        self._acknowledged = 0
        self._ack_every = answers.WINDOW_ACK_SIZE // 2
        self._app = self._tcurl = self._encoder = ""
        self._streams = 0
        self._publishing_on = 0
        self._has_fc = False
        self._has_unpublished = False
        self._intake: Intake | None = None

    # ---- what the shell calls

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes from the encoder; never raises on what they say."""
        if self.state is State.CLOSED:
            return
        self._now = now
        self.bytes_received += len(data)
        try:
            self._receive(data)
        except ProtocolError as error:
            self._end(str(error), "peer")

    def receive_eof(self) -> None:
        """The encoder has closed its side, or the socket broke."""
        self._end("the encoder closed the connection", "peer", clean=self._has_unpublished)

    def next_event(self) -> Event | None:
        """The oldest event not yet taken."""
        return self._events.popleft() if self._events else None

    def data_to_send(self) -> bytes:
        """What is to be sent now; empty if nothing is."""
        if not self._out:
            return b""
        data = bytes(self._out)
        self._out.clear()
        self.bytes_sent += len(data)
        return data

    def accept(self, *, refuses_sound: bool = False) -> bool:
        """Let the encoder publish; False if it has gone meanwhile. LocalProtocolError if it had not asked.

        `refuses_sound`: sound in a foreign codec ends the connection, as pictures in one do.
        """
        if self.state is State.CLOSED:
            return False
        self.state = after(self.state, Trigger.ACCEPT)
        self.timeout_at = self._now + self._limits.first_media_s
        self._intake = Intake(self._events.append, self._warn, self.media, refuses_sound=refuses_sound)
        self._has_unpublished = False
        self._send(*answers.publishing(self._publishing_on, with_fc=self._has_fc))
        self._reader.message_limit = self._limits.message_bytes
        held, self._held = bytes(self._held), bytearray()
        try:
            self._read_chunks(held)
        except ProtocolError as error:
            self._end(str(error), "peer")
        return True

    def reject(self, code: StatusCode, description: str) -> bool:
        """Refuse the encoder in words it shows its user, and close; False if it has gone meanwhile."""
        if self.state is State.CLOSED:
            return False
        if self.state is not State.REQUESTED:
            after(self.state, Trigger.ACCEPT)  # says what is wrong
        self._send(answers.status(code, description, self._publishing_on))
        self._end(f"refused: {code.value}", "peer")
        return True

    def close(self, reason: str, code: StatusCode = StatusCode.UNPUBLISHED) -> None:
        """End the connection by our own wish; BAD_NAME where another encoder took the key over."""
        if self.state in {State.PUBLISHING, State.REQUESTED}:
            self._send(answers.status(code, reason, self._publishing_on))
        self._end(reason, "local", clean=True)

    def handle_timer(self, now: float) -> None:
        """Close if timeout_at has passed; calling it early does nothing."""
        self._now = now
        if self.timeout_at is None or now < self.timeout_at:
            return
        reason, fault = _TIMEOUTS[self.state]
        if self.state is State.PUBLISHING:
            reason = self._why_silent()
        if self.state in {State.PUBLISHING, State.REQUESTED}:
            self._send(answers.status(StatusCode.FAILED, reason, self._publishing_on))
        self._end(reason, fault)

    # ---- bytes to messages

    def _receive(self, data: bytes) -> None:
        if self.state is _PUBLISHING:
            self._read_chunks(data)
        elif self.state is State.REQUESTED:
            self._hold(data)
        else:
            self._receive_from_stranger(data)
        if len(self._out) > self._limits.output_bytes:
            raise ProtocolError("the encoder provokes answers and does not read them")

    def _hold(self, data: bytes) -> None:
        """Keep what comes before our answer, unread."""
        self._held += data
        if len(self._held) + self._reader.waiting > self._limits.stranger_bytes:
            raise ProtocolError("media came before publish was answered")

    def _receive_from_stranger(self, data: bytes) -> None:
        if self.state is State.HANDSHAKE:
            data = self._shake_hands(data)
        if self.state is not State.HANDSHAKE:
            self._read_chunks(data)
        is_stranger = self.state in {State.HANDSHAKE, State.CONNECTING, State.CONNECTED}
        if is_stranger and self.bytes_received - self._stranger_since > self._limits.stranger_bytes:
            raise ProtocolError(f"more than {self._limits.stranger_bytes} bytes before publish")

    def _shake_hands(self, data: bytes) -> bytes:
        self._out += self._handshake.receive_data(data)
        if not self._handshake.is_done:
            return b""
        self.state = after(self.state, Trigger.SHOOK_HANDS)
        self.timeout_at = self._now + self._limits.publish_s
        return self._handshake.take_rest()

    def _read_chunks(self, data: bytes) -> None:
        """Read messages until bytes run out or an answer of ours is due."""
        reader = self._reader
        reader.receive_data(data)
        while (message := reader.next_message()) is not None:
            self.messages_received += 1
            if message.type_id == _VIDEO or message.type_id == _AUDIO:  # noqa: PLR1714  # twice as fast as a set
                self._on_media(message)
                continue
            handle = self._MESSAGES.get(message.type_id)
            if handle is not None:
                handle(self, message)
                if self.state is State.REQUESTED or self.state is State.CLOSED:
                    break
        if self.bytes_received - self._acknowledged >= self._ack_every:
            self._acknowledged = self.bytes_received
            self._send(messages.acknowledgement(self.bytes_received))

    # ---- messages

    def _on_media(self, message: Message) -> None:
        """Media of who may not publish (yet, or any more) is not kept."""
        intake = self._intake
        if intake is None:
            return
        try:
            is_unit = intake.receive(message)
        except UnsupportedCodecError as error:
            self._events.append(CodecRefused(error.track, error.codec, str(error)))
            self._send(answers.status(StatusCode.REJECTED, str(error), self._publishing_on))
            raise
        except ClockError as error:
            self._send(answers.status(StatusCode.REJECTED, str(error), self._publishing_on))
            raise
        if is_unit:
            self.timeout_at = self._now + self._limits.idle_s

    def _on_aggregate(self, message: Message) -> None:
        for inner in messages.split_aggregate(message):
            if inner.type_id in {_AUDIO, _VIDEO}:
                self._on_media(inner)
            elif inner.type_id == MessageType.DATA:
                self._on_data(inner)

    def _on_data(self, message: Message) -> None:
        """Tell onMetaData; cue points, captions and timecodes are not ours to keep. None of it is worth a break."""
        if self._intake is None:
            return
        try:
            values = messages.read_metadata(message, self._limits)
        except ProtocolError as error:
            self._warn(f"metadata ignored: {error}")
            return
        if values is not None:
            self._events.append(MetadataReceived(values))

    def _on_window_ack_size(self, message: Message) -> None:
        """Acknowledge at half the window, so that a peer that waits for it never does (5.4.4)."""
        self._ack_every = max(messages.read_u32(message) // 2, _LEAST_ACK_EVERY)

    def _on_user_control(self, message: Message) -> None:
        found = messages.read_user_control(message)
        if found is not None and found[0] == UserControl.PING_REQUEST:
            self._send(messages.user_control(UserControl.PING_RESPONSE, found[1]))

    def _on_command(self, message: Message) -> None:
        command = messages.read_command(message, self._limits)
        handle = self._COMMANDS.get(command.name)
        if handle is None:
            self._send(*answers.unknown(command))
        elif self.state is State.CONNECTING and command.name != "connect":
            raise ProtocolError(f"{command.name} before connect")
        else:
            handle(self, command)

    # ---- commands

    def _connect(self, command: Command) -> None:
        if not can(self.state, Trigger.CONNECT):
            self._send(*answers.unknown(command))
            return
        self.state = after(self.state, Trigger.CONNECT)
        members = {key.lower(): value for key, value in command.target.items()}
        self._app = _text(members.get("app"))
        self._tcurl = _text(members.get("tcurl"))
        self._encoder = _text(members.get("flashver"))[:_ENCODER_LENGTH]
        self._send(*answers.connected(command))

    def _acknowledge(self, command: Command) -> None:
        self._send(*answers.result(command))

    def _announce(self, command: Command) -> None:
        """FCPublish: its onFCPublish follows when the publication is accepted."""
        self._has_fc = True
        self._send(*answers.result(command))

    def _create_stream(self, command: Command) -> None:
        if self._streams >= self._limits.message_streams:
            raise ProtocolError(f"more than {self._limits.message_streams} streams created")
        self._streams += 1
        self._send(*answers.result(command, float(self._streams)))

    def _get_stream_length(self, command: Command) -> None:
        self._send(*answers.result(command, 0.0))

    def _publish(self, command: Command) -> None:
        if not can(self.state, Trigger.PUBLISH):
            self._send(answers.status(StatusCode.BAD_NAME, "Already publishing.", command.stream_id))
            return
        name, kind = (_text(value) for value in [*command.arguments, None, None][:2])
        self.state = after(self.state, Trigger.PUBLISH)
        self.timeout_at = self._now + self._limits.decision_s
        self._publishing_on = command.stream_id
        candidates = names.candidates(self._app, name, self._tcurl)
        if not candidates:
            self.reject(StatusCode.BAD_NAME, "There is no stream key.")
            return
        query = names.query_of(name, self._app, self._tcurl)
        self._events.append(PublishRequested(self._app, name, self._tcurl, query, kind, self._encoder, candidates))

    def _unpublish(self, command: Command) -> None:
        """FCUnpublish, closeStream and deleteStream: encoders send one, two or all of them."""
        named = command.arguments[0] if command.name == "deleteStream" and command.arguments else None
        is_other = isinstance(named, float) and named != self._publishing_on
        if can(self.state, Trigger.UNPUBLISH) and not is_other:
            self.state = after(self.state, Trigger.UNPUBLISH)
            self._stop_intake()
            self.timeout_at = self._now + self._limits.publish_s
            self._send(answers.status(StatusCode.UNPUBLISHED, "Unpublished.", self._publishing_on))
            self._events.append(Unpublished())
        if command.name == "FCUnpublish" and self._has_fc:
            self._has_fc = False
            self._send(answers.status(StatusCode.UNPUBLISHED, "Unpublished.", 0, name="onFCUnpublish"))
        self._send(*answers.result(command))

    def _refuse_play(self, command: Command) -> None:
        self._send(answers.status(StatusCode.PLAY_FAILED, "Nothing is played here.", command.stream_id))

    def _refuse_control(self, command: Command) -> None:
        self._send(answers.status(StatusCode.FAILED, f"{command.name}: nothing is played.", command.stream_id))

    # ---- endings and small things

    def _stop_intake(self) -> None:
        """A publication is over: the peer is a stranger again, with a stranger's bounds."""
        self._drop_intake()
        self._has_unpublished = True
        self._stranger_since = self.bytes_received
        self._reader.message_limit = self._limits.stranger_message_bytes

    def _drop_intake(self) -> None:
        if self._intake is not None:
            self._intake.finish()
        self._intake = None

    def _why_silent(self) -> str:
        told = "; ".join(sorted(self._warnings))
        if self._intake is not None and not self._intake.has_units:
            return "no media that can be used came" + (f" ({told})" if told else "")
        return "no media came for too long"

    def _end(self, reason: str, fault: Fault, *, clean: bool = False) -> None:
        if self.state is State.CLOSED:
            return
        self.state = after(self.state, Trigger.CLOSE)
        self.timeout_at = None
        self._drop_intake()
        self._held.clear()
        self._reader = ChunkReader(self._limits)
        self._events.append(Closed(reason, fault, clean))

    def _warn(self, text: str) -> None:
        if text not in self._warnings and len(self._warnings) < self._limits.warnings:
            self._warnings.add(text)
            self._events.append(Warned(text))

    def _send(self, *outgoing: Message) -> None:
        for message in outgoing:
            is_control = message.type_id < MessageType.AUDIO
            self._out += self._writer.write(_CONTROL_CSID if is_control else _COMMAND_CSID, message)

    # ---- who handles what

    _MESSAGES: ClassVar[dict[int, Callable[["Session", Message], None]]] = {
        MessageType.USER_CONTROL: _on_user_control,
        MessageType.WINDOW_ACK_SIZE: _on_window_ack_size,
        MessageType.DATA: _on_data,
        MessageType.DATA_AMF3: _on_data,
        MessageType.COMMAND: _on_command,
        MessageType.COMMAND_AMF3: _on_command,
        MessageType.AGGREGATE: _on_aggregate,
    }
    """By type id; every other type is ignored (acknowledgements, bandwidth, shared objects, what is yet to come)."""

    _COMMANDS: ClassVar[dict[str, Callable[["Session", Command], None]]] = {
        "connect": _connect,
        "releaseStream": _acknowledge,
        "FCPublish": _announce,
        "createStream": _create_stream,
        "_checkbw": _acknowledge,
        "getStreamLength": _get_stream_length,
        "publish": _publish,
        "FCUnpublish": _unpublish,
        "closeStream": _unpublish,
        "deleteStream": _unpublish,
        "play": _refuse_play,
        "play2": _refuse_play,
        "pause": _refuse_control,
        "seek": _refuse_control,
    }


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


_TIMEOUTS: dict[State, tuple[str, Fault]] = {
    State.HANDSHAKE: ("the handshake took too long", "peer"),
    State.CONNECTING: ("no connect command came", "peer"),
    State.CONNECTED: ("no publish command came", "peer"),
    State.REQUESTED: ("nobody decided whether the encoder may publish", "local"),
    State.PUBLISHING: ("no media came for too long", "peer"),
}
