"""Where encoders push to and viewers watch. Pure."""

from dataclasses import dataclass

from headwater.v1.livestreams_pb2 import Playout


@dataclass(frozen=True, slots=True)
class Urls:
    """What addresses begin with, without a slash at the end."""

    rtmp: str
    playback: str

    def playouts(self, of: str) -> list[Playout]:
        """The playback URLs of a livestream, a broadcast or a media."""
        return [Playout(protocol="hls", url=f"{self.playback}/{of}/index.m3u8")]

    def thumbnail(self, of: str) -> str:
        return f"{self.playback}/{of}/thumbnails/thumbnail.jpg"

    def download(self, media: str, file_format: str) -> str:
        return f"{self.playback}/{media}/download/{file_format.lower()}"

    def caption(self, media: str, language: str) -> str:
        return f"{self.playback}/{media}/captions/{language}.vtt"
