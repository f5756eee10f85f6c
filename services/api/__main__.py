"""Run api: `python -m services.api`."""

from services.api.app import open_app
from services.api.settings import Settings
from services.common.lifecycle import main

if __name__ == "__main__":
    raise SystemExit(main(open_app, Settings))
