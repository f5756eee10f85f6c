"""`python -m tests.bench [measurement …]`: without a measurement, all of them one after the other."""

import sys

from tests.bench.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
