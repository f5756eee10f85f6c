"""Which dialects api speaks."""

from services.api.dialects.endpoint import Dialect

DIALECTS: tuple[Dialect, ...] = ()
