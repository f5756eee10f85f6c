"""Keys of one livestream lie together."""

from services.stats import keys


def test_keys_of_a_livestream_share_their_hash_tag() -> None:
    """Redis Cluster hashes only what stands in the first braces."""
    all_keys = [
        keys.encoders("L", "primary"),
        keys.left("L", "primary"),
        keys.bitrates("L", "primary"),
        keys.sources("L"),
        keys.viewers("L", "B"),
        keys.uniques("L", "B"),
        keys.samples("L", "secondary"),
    ]

    assert {key[key.index("{") : key.index("}") + 1] for key in all_keys} == {"{L}"}
    assert len(set(all_keys)) == len(all_keys)
