"""`python -m services.packager.origin`."""

from services.common.lifecycle import main
from services.packager.origin.app import open_app
from services.packager.origin.settings import Settings

raise SystemExit(main(open_app, Settings))
