"""`python -m services.packager`."""

from services.common.lifecycle import main
from services.packager.app import open_app
from services.packager.settings import Settings

raise SystemExit(main(open_app, Settings))
