"""Ids in both spellings, at every depth of a request."""

import pytest

from headwater.v1.livestreams_pb2 import GetLivestreamRequest, UpdateLivestreamRequest
from headwater.v1.tenants_pb2 import GetTenantRequest
from headwater.v1.webhooks_pb2 import Webhook
from services.api.id_guard import bare_id, without_dashes

DASHED = "01234567-89AB-cdef-0123-456789abcdef"
BARE = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("text", [BARE, "default", "", DASHED[:-1], f"{DASHED}\n", "my-app-id"])
def test_text_that_is_no_uuid_stays(text: str) -> None:
    """Bare ids, names and near misses are left as they were written."""
    assert bare_id(text) == text


def test_dashed_id_is_read_as_the_bare_one() -> None:
    """Capitals too, with dashes and without: they are the same digits."""
    assert bare_id(DASHED) == BARE
    assert bare_id(BARE.upper()) == BARE


def test_ids_of_a_request_are_rewritten_at_every_depth() -> None:
    """Its own, those of a message inside, and lists of them."""
    top = GetLivestreamRequest(id=DASHED)
    inside = UpdateLivestreamRequest()
    inside.livestream.id, inside.livestream.name, inside.livestream.app_id = DASHED, DASHED, DASHED
    listed = Webhook(livestream_ids=[DASHED, "other"])
    for message in (top, inside, listed):
        without_dashes(message)

    assert top.id == inside.livestream.id == inside.livestream.app_id == BARE
    assert list(listed.livestream_ids) == [BARE, "other"]
    assert inside.livestream.name == DASHED


def test_field_in_a_map_or_of_another_name_is_left_alone() -> None:
    """What customers keep in metadata is theirs."""
    request = UpdateLivestreamRequest()
    request.livestream.metadata["id"] = DASHED
    tenant = GetTenantRequest(id="a-name")
    without_dashes(request)
    without_dashes(tenant)

    assert request.livestream.metadata["id"] == DASHED
    assert tenant.id == "a-name"
