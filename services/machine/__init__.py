"""One machine: everything `headwater run` does in place of a cluster, and the demo picture.

The supervisor starts the servers (nats-server, Redis, S3) and the programs, keeps them running, owns the listening
sockets of ingest and origin, and stops all of it in order. Programs know nothing of it but the environment they get.
"""
