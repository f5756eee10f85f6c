"""An RTMP publisher without a socket: the other half of `services.ingest.rtmp`, for tests that need an exact encoder.

Feed it what the server says, send what it gives; it shakes hands, connects and publishes by itself.
"""

import struct
from collections import deque

from services.ingest.rtmp import amf0, messages
from services.ingest.rtmp.amf0 import Value
from services.ingest.rtmp.chunk_reader import ChunkReader
from services.ingest.rtmp.chunk_writer import ChunkWriter
from services.ingest.rtmp.handshake import SIZE
from services.ingest.rtmp.limits import Limits
from services.ingest.rtmp.messages import Command, Message, MessageType

CONTROL, COMMAND, MEDIA = 2, 3, 4
"""Chunk stream ids, as librtmp uses them: sound and picture share one."""


class Publisher:
    """One connection of an encoder."""

    def __init__(
        self,
        app: str = "live",
        stream_name: str = "key",
        *,
        chunk_size: int = 4096,
        connect: dict[str, Value] | None = None,
        c1: bytes | None = None,
    ) -> None:
        self.is_publishing = False
        self.statuses: list[dict[str, Value]] = []
        """The info objects of onStatus messages."""
        self.commands: list[Command] = []
        """All commands the server has sent."""
        self.controls: deque[Message] = deque()
        """All control messages the server has sent but Set Chunk Size."""
        self.stream_id = 0
        self._app, self._stream_name, self._chunk_size = app, stream_name, chunk_size
        self._connect = connect or {}
        self._reader, self.writer = ChunkReader(), ChunkWriter()
        self._handshake = bytearray()
        self._has_shaken = False
        self._out = bytearray(b"\x03" + (c1 if c1 is not None else bytes(range(256)) * 6))

    def data_to_send(self) -> bytes:
        """What is to be sent now."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def receive_data(self, data: bytes) -> None:
        """Take what the server sent."""
        if not self._has_shaken:
            self._handshake += data
            if len(self._handshake) < 1 + 2 * SIZE:
                return
            self._has_shaken = True
            self._out += self._handshake[1 : 1 + SIZE]
            data = bytes(self._handshake[1 + 2 * SIZE :])
            self._ask_to_connect()
        self._reader.receive_data(data)
        while message := self._reader.next_message():
            self._hear(message)

    def send(self, message: Message, csid: int = MEDIA) -> None:
        """Put any message on any chunk stream."""
        self._out += self.writer.write(csid, message)

    def send_raw(self, data: bytes) -> None:
        """Put bytes as they are."""
        self._out += data

    def send_command(self, name: str, transaction: float, *values: Value, stream_id: int = 0) -> None:
        self.send(messages.command(name, transaction, *values, stream_id=stream_id), COMMAND)

    def send_video_config(self, stamp_ms: int, record: bytes) -> None:
        self._send_media(MessageType.VIDEO, stamp_ms, b"\x17\x00\x00\x00\x00" + record)

    def send_video(self, stamp_ms: int, unit: bytes, *, is_key: bool, cts_ms: int = 0) -> None:
        head = b"\x17\x01" if is_key else b"\x27\x01"
        self._send_media(MessageType.VIDEO, stamp_ms, head + struct.pack(">i", cts_ms)[1:] + unit)

    def send_audio_config(self, stamp_ms: int, record: bytes) -> None:
        self._send_media(MessageType.AUDIO, stamp_ms, b"\xaf\x00" + record)

    def send_audio(self, stamp_ms: int, frame: bytes) -> None:
        self._send_media(MessageType.AUDIO, stamp_ms, b"\xaf\x01" + frame)

    def send_metadata(self, values: dict[str, Value]) -> None:
        body = amf0.render("@setDataFrame", "onMetaData", values)
        self.send(Message(MessageType.DATA, self.stream_id, 0, body))

    def unpublish(self) -> None:
        """End the stream as OBS does."""
        self.send_command("FCUnpublish", 6.0, None, self._stream_name)
        self.send_command("deleteStream", 7.0, None, float(self.stream_id))
        self.is_publishing = False

    def publish(self) -> None:
        """Ask to publish; done by itself once createStream is answered."""
        self.send_command("publish", 5.0, None, self._stream_name, "live", stream_id=self.stream_id)

    def _send_media(self, kind: MessageType, stamp_ms: int, body: bytes) -> None:
        self.send(Message(kind, self.stream_id, stamp_ms & 0xFFFFFFFF, body))

    def _ask_to_connect(self) -> None:
        self.send(messages.set_chunk_size(self._chunk_size), CONTROL)
        target: dict[str, Value] = {
            "app": self._app,
            "flashVer": "FMLE/3.0 (compatible; test)",
            "tcUrl": f"rtmp://localhost/{self._app}",
            **self._connect,
        }
        self.send_command("connect", 1.0, target)

    def _hear(self, message: Message) -> None:
        if message.type_id != MessageType.COMMAND:
            message.payload = bytes(message.payload)
            self.controls.append(message)
            return
        command = messages.read_command(message, Limits())
        self.commands.append(command)
        if command.name == "_result" and command.transaction == 1.0:
            self.send_command("releaseStream", 2.0, None, self._stream_name)
            self.send_command("FCPublish", 3.0, None, self._stream_name)
            self.send_command("createStream", 4.0, None)
        elif command.name == "_result" and command.transaction == 4.0:
            number = command.arguments[0]
            self.stream_id = int(number) if isinstance(number, float) else 0
            self.publish()
        elif command.name == "onStatus" and isinstance(command.arguments[0], dict):
            self.statuses.append(command.arguments[0])
            self.is_publishing = command.arguments[0]["code"] == "NetStream.Publish.Start"
