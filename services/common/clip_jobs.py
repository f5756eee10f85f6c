"""How the order for a clip is named among the jobs that archivers carry out."""

CLIP = "CLIP"
"""Stands where the orders for files have their format."""


def clip_job(clip: str) -> str:
    """The key in the bucket `jobs` of the order for a clip."""
    return f"{clip}.{CLIP}"
