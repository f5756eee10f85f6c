"""Addresses as the products write them, made of the native API's. Pure."""

HLS, DASH = "manifest/video.m3u8", "manifest/video.mpd"
WATCH, FRAME = "watch", "iframe"
_NATIVE = "/index.m3u8"


def beside(hls: str, path: str) -> str:
    """What the origin has at another path of the same id; "" where there is nothing to watch."""
    return f"{hls.removesuffix(_NATIVE)}/{path}" if hls else ""


def server(url: str) -> str:
    """Where encoders connect to: it ends with a slash, for people write it and the stream key as one."""
    return f"{url.rstrip('/')}/" if url else ""
