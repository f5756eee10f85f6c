"""What can go wrong with the object store, and which of minio-py's and urllib3's many errors means which."""

from collections.abc import Iterator
from contextlib import contextmanager

import urllib3

from services.common.objects_library import InvalidResponseError, MinioException, S3Error, ServerError

_MISSING = frozenset({"NoSuchKey", "ResourceNotFound"})
_TOO_BUSY = 429
_SERVER_ERROR = 500


class ObjectsUnavailable(Exception):  # noqa: N818  a state of the store that callers wait out
    """The store is away, too slow or too busy. The same call may succeed later; a write may have happened or not."""


class ObjectsRefused(Exception):  # noqa: N818  as above
    """The store understood and will not: wrong keys, no bucket, an invalid name. Repeating does not help."""


class ObjectMissing(Exception):  # noqa: N818  becomes None before it leaves the store
    """No such object."""


@contextmanager
def translated() -> Iterator[None]:
    """Whatever the clients raise becomes one of ours."""
    try:
        yield
    except S3Error as error:
        raise _of_s3(error) from error
    except (InvalidResponseError, ServerError) as error:
        raise ObjectsUnavailable(str(error)[:200]) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise ObjectsUnavailable(f"{type(error).__name__}: {str(error)[:200]}") from error
    except (MinioException, ValueError) as error:
        raise ObjectsRefused(str(error)[:200]) from error


def check_status(status: int, body: bytes) -> None:
    """The same for an answer that was asked for without minio-py."""
    if status in (200, 204, 206):
        return
    text = f"HTTP {status}: {body[:300].decode('utf-8', 'replace')}"
    if status >= _SERVER_ERROR or status == _TOO_BUSY:
        raise ObjectsUnavailable(text)
    raise ObjectsRefused(text)


def _of_s3(error: S3Error) -> Exception:
    if error.code in _MISSING:
        return ObjectMissing()
    status = error.response.status
    text = f"{error.code}: {error.message}"
    if status >= _SERVER_ERROR or status == _TOO_BUSY or error.code == "RetryHead":
        return ObjectsUnavailable(text)
    return ObjectsRefused(text)
