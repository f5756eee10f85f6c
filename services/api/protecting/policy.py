"""What origins must know of a livestream or a media, out of its record. Pure."""

from headwater.internal.v1.protection_pb2 import Policy
from headwater.internal.v1.records_pb2 import LivestreamRecord, MediaRecord, RecordingRules
from services.api.caller import tenant_of
from services.api.view import label_of


def policy_of_livestream(record: LivestreamRecord) -> Policy:
    """Every livestream has one."""
    policy = _policy(record.recording, tenant_of(record), record.id)
    policy.is_deleted = bool(record.delete_time_us)
    policy.thumbnail_object_key = record.thumbnail_object_key
    policy.has_no_dvr, policy.has_no_low_latency = record.has_no_dvr, record.has_no_low_latency
    return policy


def policy_of_media(record: MediaRecord) -> Policy:
    """Every media has one, since it outlives its livestream; by its own id its own settings hold."""
    policy = _policy(record.access, tenant_of(record), record.livestream_id)
    policy.is_deleted = bool(record.delete_time_us)
    policy.thumbnail_object_key = record.thumbnail_object_key
    policy.thumbnail_position = record.thumbnail_position
    for each in record.captions:
        policy.captions.add(language=each.language, label=label_of(each.language), object_key=each.object_key)
    return policy


def _policy(rules: RecordingRules, tenant: str, livestream: str) -> Policy:
    return Policy(
        tenant_id=tenant,
        livestream_id=livestream,
        require_signed_urls=rules.require_signed_urls,
        allowed_origins=rules.allowed_origins,
        hide_viewer_count=rules.hide_viewer_count,
    )
