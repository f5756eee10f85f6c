"""Captions of recordings."""

from collections.abc import Iterator

from headwater.rest.transport import Json, Transport, segment


class Captions:
    """`/v1/media/{id}/captions`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, media: str) -> Iterator[Json]:
        """One a language, so there are no pages."""
        yield from self._transport.call("GET", _captions(media)).get("captions", [])

    def get(self, media: str, language: str) -> bytes:
        """WebVTT."""
        return self._transport.content(f"{_captions(media)}/{segment(language)}")

    def put(self, media: str, language: str, text: bytes) -> Json:
        return self._transport.send("PUT", f"{_captions(media)}/{segment(language)}", text, "text/vtt")

    def delete(self, media: str, language: str) -> None:
        self._transport.call("DELETE", f"{_captions(media)}/{segment(language)}")


def _captions(media: str) -> str:
    return f"/v1/media/{segment(media)}/captions"
