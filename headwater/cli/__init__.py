"""The command line."""

import os
import signal
import sys


def main() -> None:
    """Entry point of `headwater`.

    Ctrl-C ends it by the signal and without a word, as it does any tool: an exception could come anywhere in what is
    being loaded, and would be shown with all that it went through. Commands that have something to end take the signal
    themselves; whoever has told us to ignore it goes on being heard.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from headwater.cli import commands, completion  # noqa: PLC0415  after the above

    completion.prepare()
    try:
        commands.app()
    except OSError as error:  # files and connections are seen to where they are used: this is our own output
        sys.stderr.write(f"headwater: what there is to say could not be written: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(1)  # what is still to be written would be tried again
