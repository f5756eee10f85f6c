"""All commands. Each loads what it needs when it runs, so that `headwater --help` is quick."""

import typer

from headwater.cli import (
    apps,
    broadcasts,
    captions,
    completion,
    demo,
    livestreams,
    machine,
    media,
    outputs,
    signing_keys,
    statistics,
    tenants,
    thumbnails,
    tokens,
    usage,
    webhooks,
)

app = typer.Typer(
    name=completion.PROGRAM,
    cls=completion.CompletingGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 100, "help_option_names": ["--help", "-h"]},
)
app.callback()(completion.options)
machine.add_to(app)
app.command()(demo.demo)
app.add_typer(livestreams.app, name="livestreams", help="Create livestreams, and start and end them.")
app.add_typer(broadcasts.app, name="broadcasts", help="See when a livestream was on air, and why it ended.")
app.add_typer(media.app, name="media", help="Manage recordings.")
app.add_typer(captions.app, name="captions", help="Manage the captions of a recording.")
app.add_typer(thumbnails.app, name="thumbnails", help="Choose the picture that stands for a livestream.")
app.add_typer(outputs.app, name="outputs", help="Choose what becomes of a livestream.")
app.command("statistics")(statistics.statistics)
app.command("samples")(statistics.samples)
app.command("sessions")(usage.sessions)
app.command("usage")(usage.usage)
app.add_typer(signing_keys.app, name="signing-keys", help="Manage keys that sign playback tokens.")
app.command("playback-token")(signing_keys.playback_token)
app.add_typer(webhooks.app, name="webhooks", help="Tell your own servers what happens.")
app.add_typer(tokens.app, name="tokens", help="Manage API tokens.")
app.add_typer(apps.app, name="apps", help="Manage the apps of a tenant.")
app.add_typer(tenants.app, name="tenants", help="Manage tenants (with the admin token).")
