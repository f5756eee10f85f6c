"""Cloudflare Stream's live inputs and videos (docs/dialects.md)."""
