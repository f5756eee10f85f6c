"""Run api: `python -m services.api`."""

import gc

gc.disable()  # what is loaded stays, and what is read in too: the end of that, in ReadIn, has garbage looked for again

from services.api.app import open_app  # noqa: E402  nor is loading to wait for it
from services.api.settings import Settings  # noqa: E402  as above
from services.common.lifecycle import main  # noqa: E402  as above

if __name__ == "__main__":
    raise SystemExit(main(open_app, Settings))
