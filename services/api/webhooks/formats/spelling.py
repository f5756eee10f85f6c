"""How times and ids are written in bodies. Pure."""

from datetime import UTC, datetime, timedelta

from services.api.webhooks.happening import Scene

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(time_us: int) -> str:
    """Unix microseconds as RFC 3339: 2026-01-02T03:04:05.000006Z."""
    return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_or_none(time_us: int) -> str | None:
    """None for 0: it has not happened."""
    return moment(time_us) if time_us else None


def dashed(identifier: str) -> str:
    """32 hex digits as a UUID; anything else as it is."""
    if len(identifier) != 32:
        return identifier
    parts = (identifier[:8], identifier[8:12], identifier[12:16], identifier[16:20], identifier[20:])
    return "-".join(parts)


def watch_url(scene: Scene, of: str) -> str:
    """Where HLS of a livestream or a media plays."""
    return f"{scene.urls.playback}/{of}/index.m3u8"
