"""Rules about the repository that no linter knows: what may import what, sizes, names, documents, locks, protos.

A rule that stands in the way is changed here, in one table, and the change says why.
"""
