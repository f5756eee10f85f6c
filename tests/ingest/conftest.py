"""Property tests of ingest may take their time: how long an example runs is the machine's affair."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
