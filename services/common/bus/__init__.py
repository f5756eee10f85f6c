"""NATS and JetStream as the rest of the system needs them: logs, readers, buckets, leases, facts.

nats-py holds the connection here (TLS, credentials, pings, reconnecting) and is imported nowhere else. The JetStream
requests are our own: one reply inbox for all of them, and readers that go on at once after the server was away.
"""
