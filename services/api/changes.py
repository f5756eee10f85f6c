"""What an update is allowed to change, and on top of which version. Pure."""

from collections.abc import Collection

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from services.api.repository import M, Stored
from services.common.errors import AppError, Kind


def changed_fields(
    given: Message, mask: FieldMask | None, settable: Collection[str], empty: Collection[str] = ()
) -> frozenset[str]:
    """The fields of `given` that are to be written: those of the mask, or else those present (AIP-134).

    `empty` are present, too, though a message does not show it. `*` in a mask is all that are settable.
    AppError(INVALID) for a mask that names another field.
    """
    if mask is None:
        return (frozenset(field.name for field, _ in given.ListFields()) | frozenset(empty)) & frozenset(settable)
    if list(mask.paths) == ["*"]:
        return frozenset(settable)
    for path in mask.paths:
        if path not in settable:
            raise AppError(Kind.INVALID, f"cannot be changed: {path[:64]}", field="updateMask")
    return frozenset(mask.paths)


def is_version(stored: Stored[M], etag: str) -> bool:
    return etag.strip('"') == str(stored.revision)


def check_etag(stored: Stored[M], etag: str) -> None:
    """AppError(CONFLICT) if the caller has read another version; an empty etag asks for none."""
    if etag and not is_version(stored, etag):
        raise AppError(Kind.CONFLICT, "it was changed since it was read; read it again", field="etag")
