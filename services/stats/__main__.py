"""`python -m services.stats`."""

from services.common.lifecycle import main
from services.stats.app import open_app
from services.stats.settings import Settings

raise SystemExit(main(open_app, Settings))
