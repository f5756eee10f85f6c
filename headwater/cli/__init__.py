"""The command line."""

import signal


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
    commands.app()
