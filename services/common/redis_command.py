"""What is said to Redis, as plain data, so that deciding what to say needs no client. Pure."""

Word = str | bytes | int | float
Command = tuple[Word, ...]
"""A command and its arguments: `("ZADD", key, "GT", 12, member)`."""
