"""The ingest edge: encoders in, media log out.

Owns encoders' connections. Hears `keys` (who may send) and `onair` (whose connection is meant). Says units on the media
log and facts about connections. Never packages, and never asks api anything.
"""
