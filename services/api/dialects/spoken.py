"""Which dialects api speaks."""

from services.api.dialects.cloudinary import CLOUDINARY
from services.api.dialects.endpoint import Dialect
from services.api.dialects.realtimekit.dialect import DYTE, REALTIMEKIT
from services.api.dialects.stream.dialect import STREAM
from services.api.dialects.streamdiver.dialect import STREAMDIVER

DIALECTS: tuple[Dialect, ...] = (CLOUDINARY, STREAM, REALTIMEKIT, DYTE, STREAMDIVER)
