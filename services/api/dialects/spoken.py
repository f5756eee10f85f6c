"""Which dialects api speaks."""

from services.api.dialects.cloudinary import CLOUDINARY
from services.api.dialects.endpoint import Dialect

DIALECTS: tuple[Dialect, ...] = (CLOUDINARY,)
