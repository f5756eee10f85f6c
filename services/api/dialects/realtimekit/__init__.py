"""RealtimeKit's livestreams, which were Dyte's before (docs/dialects.md)."""
