"""What becomes of a livestream's program, and how much of it was used."""

from collections.abc import Iterator
from typing import Any

from headwater.rest.paging import pages
from headwater.rest.transport import Json, Transport, segment


class Outputs:
    """`/v1/livestreams/{id}/outputs`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, livestream: str, kind: str = "SIMULCAST", **fields: Any) -> Json:
        """One more: HLS, ARCHIVE, or SIMULCAST with `url` and `streamKey`."""
        return self._transport.call("POST", _outputs(livestream), body={"type": kind, **fields})

    def list(self, livestream: str) -> Iterator[Json]:
        """All of them: there are 52 at most, so there are no pages."""
        yield from self._transport.call("GET", _outputs(livestream)).get("outputs", [])

    def get(self, livestream: str, output: str) -> Json:
        return self._transport.call("GET", f"{_outputs(livestream)}/{segment(output)}")

    def update(self, livestream: str, output: str, **fields: Any) -> Json:
        return self._transport.call("PATCH", f"{_outputs(livestream)}/{segment(output)}", body=fields)

    def delete(self, livestream: str, output: str) -> None:
        self._transport.call("DELETE", f"{_outputs(livestream)}/{segment(output)}")


class Sessions:
    """`/v1/sessions` and `/v1/usage`. Times are RFC 3339."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, livestream: str | None = None, after: str | None = None, before: str | None = None
    ) -> Iterator[Json]:
        """Newest first."""
        return pages(self._transport, "/v1/sessions", "sessions", livestreamId=livestream, after=after, before=before)

    def get(self, session: str) -> Json:
        return self._transport.call("GET", f"/v1/sessions/{segment(session)}")

    def usage(self, *, after: str | None = None, before: str | None = None) -> Json:
        """Sums over the sessions that began in a time, as a whole and by day."""
        return self._transport.call("GET", "/v1/usage", query={"after": after, "before": before})


def _outputs(livestream: str) -> str:
    return f"/v1/livestreams/{segment(livestream)}/outputs"
