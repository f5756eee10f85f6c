"""Tools that a measurement needs and that may not be on a machine."""

import shutil


class UnavailableError(Exception):
    """A measurement needs a tool that is not there; the text names it."""


def needed(program: str, package: str) -> str:
    """Where a program is; UnavailableError says which Debian package has it."""
    found = shutil.which(program)
    if found is None:
        raise UnavailableError(f"{program} is not on this machine (Debian: apt-get install {package})")
    return found
