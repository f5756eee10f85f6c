"""The object store that a program's settings name. Not beside `open_bus`, for not every program needs its client."""

from services.common.objects import ObjectStore
from services.common.settings import ServiceSettings


def object_store(settings: ServiceSettings) -> ObjectStore:
    """The object store of the settings; enter it to use it."""
    return ObjectStore(
        settings.s3_endpoint,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key.get_secret_value(),
        bucket=settings.s3_bucket,
        region=settings.s3_region,
    )
