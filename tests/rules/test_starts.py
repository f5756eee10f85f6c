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
_NEVER = {
    "av": "FFmpeg takes 17 to 33 MB, and most never make a picture",
    "rich": "structlog's tracebacks for terminals, which nobody asks for",
    "Crypto": "minio-py's client for administration, which nobody uses",
}
_WORK = """
import importlib, sys
names = sys.argv[1].split()
for app in sys.argv[2:]:
    importlib.import_module(app)
print(*[name for name in names if name in sys.modules])
"""


def test_what_no_program_needs_at_once_is_loaded_by_none() -> None:
    """It takes memory of each, and CPU of each start."""
    command = [sys.executable, "-c", _WORK, " ".join(_NEVER), *_APPS]
    found = subprocess.run(command, capture_output=True, text=True, check=True)

    assert {name: _NEVER[name] for name in found.stdout.split()} == {}
