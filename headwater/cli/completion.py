"""`headwater --install-completion [SHELL]` and `--show-completion [SHELL]`. Unset, the shell is the one that asks."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer
from typer.completion import (  # type: ignore[attr-defined]  # its own callbacks use them, and no others are there
    completion_init,
    get_completion_script,
    install,
)
from typer.core import TyperGroup

PROGRAM = "headwater"
Shell = Literal["bash", "zsh", "fish"]
SHELLS: tuple[str, ...] = get_args(Shell)

_INSTALL, _SHOW = "--install-completion", "--show-completion"
_VARIABLE = "_HEADWATER_COMPLETE"


class CompletingGroup(TyperGroup):
    """The top level, whose completion options may go without their value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        bare = args and args[-1] in {_INSTALL, _SHOW}
        return super().parse_args(ctx, [*args, shell_here()] if bare else args)


def _install(shell: Shell | None) -> None:
    if shell:
        _, path = install(shell=shell, prog_name=PROGRAM, complete_var=_VARIABLE)
        print(f"{shell}: {path}; it works in the next shell that is opened")
        raise typer.Exit


def _show(shell: Shell | None) -> None:
    if shell:
        print(get_completion_script(prog_name=PROGRAM, complete_var=_VARIABLE, shell=shell))
        raise typer.Exit


def options(
    install_completion: Annotated[
        Shell | None,
        typer.Option(
            _INSTALL, metavar="[SHELL]", is_eager=True, callback=_install, help="Install completion: bash, zsh, fish."
        ),
    ] = None,
    show_completion: Annotated[
        Shell | None,
        typer.Option(_SHOW, metavar="[SHELL]", is_eager=True, callback=_show, help="Print what it would install."),
    ] = None,
) -> None:
    """Self-hosted live streaming: run it on this machine, and manage livestreams, recordings and tokens."""


def shell_here() -> str:
    """The shell that this was typed into, else the one that logins get."""
    import shellingham  # type: ignore[import-untyped]  # noqa: PLC0415  keeps --help quick

    try:
        name = str(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, OSError):
        name = Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise typer.BadParameter(f"which shell? {', '.join(SHELLS)}")
    return name


def prepare() -> None:
    """Answer what the installed scripts ask."""
    completion_init()
