"""minio-py without its client for administration, whose three libraries for ciphers cost two thirds of loading it."""

from services.common.lean_imports import hollow

with hollow("minio.minioadmin", "MinioAdmin"):
    from minio import Minio
    from minio.commonconfig import CopySource
    from minio.datatypes import Part
    from minio.deleteobjects import DeleteObject
    from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

__all__ = [
    "CopySource",
    "DeleteObject",
    "InvalidResponseError",
    "Minio",
    "MinioException",
    "Part",
    "S3Error",
    "ServerError",
]
