"""Pictures that customers upload."""

from headwater.rest.transport import Transport, segment


class Thumbnails:
    """`/v1/livestreams/{id}/thumbnail`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, livestream: str) -> bytes:
        return self._transport.content(_thumbnail(livestream))

    def put(self, livestream: str, picture: bytes, kind: str) -> None:
        """`kind` is image/jpeg, image/png or image/webp."""
        self._transport.send("PUT", _thumbnail(livestream), picture, kind)

    def delete(self, livestream: str) -> None:
        self._transport.call("DELETE", _thumbnail(livestream))


def _thumbnail(livestream: str) -> str:
    return f"/v1/livestreams/{segment(livestream)}/thumbnail"
