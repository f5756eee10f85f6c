"""`python -m tests.bench [measurement …]`: without a measurement, all of them one after the other."""

import sys

from tests.bench.command import main

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
