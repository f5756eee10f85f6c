"""Numbers that a person may turn for one run: `PROOF_SEED=7 make soak`."""

import os


def dial(name: str, usual: int) -> int:
    """The number in the environment as PROOF_<name>, or the usual one."""
    return int(os.environ.get(f"PROOF_{name}", usual))
