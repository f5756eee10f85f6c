"""Stream keys of simulcast targets: sealed in the livestream's record, shown again to those who may see them."""

from headwater.internal.v1.records_pb2 import OutputRecord
from services.common.secrets import Sealer


class OutputKeys:
    """Seals and shows them."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def seal(self, livestream: str, output: str, stream_key: str) -> bytes:
        return self._sealer.seal(stream_key, _context(livestream, output)) if stream_key else b""

    def show(self, livestream: str, record: OutputRecord) -> str:
        """In clear. Errors: AppError(INTERNAL) where it does not open."""
        return self._sealer.open(record.sealed_stream_key, _context(livestream, record.id))


def _context(livestream: str, output: str) -> str:
    return f"output-key/{livestream}/{output}"
