"""api killed at each of its writes: what counts as a write, on which stage, and which orders there are."""
