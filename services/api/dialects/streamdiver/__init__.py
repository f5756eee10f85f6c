"""Streamdiver's API: livestreams that are started, published, stopped, and then are a media (docs/dialects.md)."""
