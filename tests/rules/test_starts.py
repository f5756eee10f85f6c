"""What programs load when they start."""

import subprocess
import sys

_APPS = (
    "services.api.app",
    "services.archiver.app",
    "services.ingest.app",
    "services.packager.app",
    "services.packager.origin.app",
    "services.stats.app",
)
_WORK = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]; print('av' in sys.modules)"


def test_ffmpeg_is_loaded_by_no_program_before_it_makes_a_picture() -> None:
    """It takes 17 to 33 MB of each, and most never make one."""
    found = subprocess.run([sys.executable, "-c", _WORK, *_APPS], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "False"
