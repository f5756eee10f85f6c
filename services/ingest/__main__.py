"""`python -m services.ingest`."""

from services.common.lifecycle import main
from services.ingest.app import open_app
from services.ingest.settings import Settings

raise SystemExit(main(open_app, Settings))
