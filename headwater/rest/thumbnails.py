"""Pictures that customers upload."""

from headwater.rest.transport import Transport, segment


class Thumbnails:
    """`/v1/livestreams/{id}/thumbnail` and `/v1/media/{id}/thumbnail`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, of: str, *, is_media: bool = False) -> bytes:
        return self._transport.content(_thumbnail(of, is_media=is_media))

    def put(self, of: str, picture: bytes, kind: str, *, is_media: bool = False) -> None:
        """`kind` is image/jpeg, image/png or image/webp."""
        self._transport.send("PUT", _thumbnail(of, is_media=is_media), picture, kind)

    def delete(self, of: str, *, is_media: bool = False) -> None:
        self._transport.call("DELETE", _thumbnail(of, is_media=is_media))


def _thumbnail(of: str, *, is_media: bool) -> str:
    return f"/v1/{'media' if is_media else 'livestreams'}/{segment(of)}/thumbnail"
