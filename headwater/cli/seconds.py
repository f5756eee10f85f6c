"""Seconds as the API takes them."""


def seconds(value: float) -> str:
    """`7.5` as "7.5s": to the nanosecond, and never with an exponent."""
    whole, dot, rest = f"{value:.9f}".partition(".")
    return f"{whole}{(dot + rest).rstrip('0').rstrip('.')}s"
