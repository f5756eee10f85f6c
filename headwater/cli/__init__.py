"""The command line. Each command loads what it needs when it runs, so that `headwater --help` is quick."""

import typer

from headwater.cli import (
    apps,
    demo,
    livestreams,
    machine,
    media,
    outputs,
    signing_keys,
    tenants,
    tokens,
    usage,
    webhooks,
)

app = typer.Typer(
    name="headwater",
    help="Self-hosted live streaming: run it on this machine, and manage livestreams, recordings and tokens.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
machine.add_to(app)
app.command()(demo.demo)
app.add_typer(livestreams.app, name="livestreams", help="Create and manage livestreams.")
app.add_typer(media.app, name="media", help="Manage recordings.")
app.add_typer(outputs.app, name="outputs", help="Manage what becomes of a livestream.")
app.add_typer(tokens.app, name="tokens", help="Manage API tokens.")
app.add_typer(signing_keys.app, name="signing-keys", help="Manage keys that sign playback tokens.")
app.add_typer(webhooks.app, name="webhooks", help="Say what happens to your own servers.")
app.add_typer(tenants.app, name="tenants", help="Manage tenants (with the admin token).")
app.add_typer(apps.app, name="apps", help="Manage the apps of a tenant.")
app.command("statistics")(livestreams.statistics)
app.command("playback-token")(signing_keys.playback_token)
app.command("sessions")(usage.sessions)
app.command("usage")(usage.usage)


def main() -> None:
    """Entry point of `headwater`."""
    app()
