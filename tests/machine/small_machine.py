"""`headwater run` with two small programs in place of ours; the servers are the real ones."""

import sys

from services.machine import programs
from services.machine.programs import Program

programs.PROGRAMS = (
    Program("origin", "tests.machine.greeting_origin", listens=("origin",), count=2),
    Program("api", "tests.machine.ready_api"),
)

if __name__ == "__main__":
    from services.machine.run import run

    sys.exit(run(*sys.argv[1:]))
