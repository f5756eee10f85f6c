"""`python -m services.archiver`."""

from services.archiver.app import open_app
from services.archiver.settings import Settings
from services.common.lifecycle import main

raise SystemExit(main(open_app, Settings))
