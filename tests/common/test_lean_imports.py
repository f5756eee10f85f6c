"""Libraries that are not loaded."""

import subprocess
import sys

WITHOUT = """
import sys
from services.common.lean_imports import without
with without("colorsys"):
    try:
        import colorsys
    except ImportError:
        print("none")
import colorsys
print(colorsys.__name__)
with without("colorsys"):
    import colorsys
    print("stays")
"""
HOLLOW = """
import sys
from services.common.lean_imports import hollow
with hollow("colorsys", "rgb_to_hsv"):
    from colorsys import rgb_to_hsv
    print(rgb_to_hsv)
from colorsys import rgb_to_hsv
print(rgb_to_hsv.__name__)
with hollow("colorsys", "rgb_to_hsv"):
    from colorsys import rgb_to_hsv
    print(rgb_to_hsv.__name__)
"""


def _said(code: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_library_that_is_kept_out_is_missing_in_the_block_alone() -> None:
    """Whoever imports it later gets it, and who has it keeps it."""
    assert _said(WITHOUT) == ["none", "colorsys", "stays"]


def test_library_that_is_hollow_gives_none_in_the_block_alone() -> None:
    """Whoever imports it later gets it, and who has it keeps it."""
    assert _said(HOLLOW) == ["None", "rgb_to_hsv", "rgb_to_hsv"]
