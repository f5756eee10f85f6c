"""The dialects: other products' APIs, spoken over our own.

Each is a table of endpoints and the translation of words, and has no rule of its own: everything is asked of the native
services in process, behind the same guards. `docs/dialects.md` says endpoint by endpoint what is the same.
"""
