"""Webhooks: facts become deliveries in the words of five products, and deliveries are tried until they are taken.

`announcer` turns facts into records, once each; `dispatcher` and `courier` send what is due; `sweeper` trims the log.
docs/webhooks.md says what receivers may rely on.
"""
