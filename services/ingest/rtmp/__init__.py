"""RTMP as a server hears it, without a socket: bytes and `now` go in, events and bytes come out.

`session.Session` is the way in. The rooms below it: `handshake` (C0 to S2), `chunk_reader` and `chunk_writer`
(chunks <-> messages), `amf0` and `messages` (messages <-> values), `commands` (who answers what), `flv`, `avc` and
`intake` (tag bodies -> units). Spec: Adobe's RTMP 1.0 (2012), FLV 10.1, Enhanced RTMP v2. Nothing here reads a
clock, draws a random number, opens a socket or logs.
"""
