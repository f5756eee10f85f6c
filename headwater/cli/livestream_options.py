"""What of a livestream the command line can set, and how the API takes it."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from headwater.cli.seconds import seconds

Metadata = Annotated[
    list[str] | None, typer.Option("--metadata", metavar="KEY=VALUE", help="Data of yours; may be repeated.")
]
Window = Annotated[
    float | None,
    typer.Option("--reconnect-window", metavar="SECONDS", help="Wait so long for an encoder that has gone."),
]
Record = Annotated[bool | None, typer.Option("--record/--no-record", help="Keep a recording of each broadcast.")]
FailBack = Annotated[
    bool | None, typer.Option("--fail-back/--no-fail-back", help="Go back to the primary when it returns.")
]
Name = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="A name for people.")]
Creator = Annotated[str | None, typer.Option("--creator", metavar="TEXT", help="Whose it is; copied to recordings.")]
Manual = Annotated[
    bool | None, typer.Option("--manual-start/--automatic-start", help="Refuse encoders until `activate`.")
]
SingleUse = Annotated[bool | None, typer.Option("--single-use/--reusable", help="One broadcast, then it is finished.")]
Gate = Annotated[
    bool | None, typer.Option("--publish-gate/--no-publish-gate", help="Show nothing to viewers until `publish`.")
]
RunTime = Annotated[
    float | None, typer.Option("--max-run-time", metavar="SECONDS", help="A broadcast ends after it; 0: never.")
]
Retention = Annotated[
    int | None,
    typer.Option("--retention-days", metavar="DAYS", help="Delete recordings after 30 to 1096; 0: they stay."),
]
Signed = Annotated[bool | None, typer.Option("--signed/--open", help="Viewers need a playback token.")]
Origins = Annotated[
    list[str] | None,
    typer.Option("--origin", metavar="HOST", help="Only this site may show it; may be repeated. Empty: any."),
]
HideViewers = Annotated[
    bool | None, typer.Option("--hide-viewers/--show-viewers", help="Do not say in public how many watch.")
]
Dvr = Annotated[bool | None, typer.Option("--dvr/--no-dvr", help="Viewers may go back to the beginning.")]
LowLatency = Annotated[bool | None, typer.Option("--low-latency/--no-low-latency", help="LL-HLS, or plain HLS.")]
AppId = Annotated[str | None, typer.Option("--app", metavar="ID", help="The app it belongs to.")]


def fields_of(**given: Any) -> dict[str, Any]:
    """Options as the API's JSON; what is not given is left out."""
    fields: dict[str, Any] = {}
    for option, value in given.items():
        if value is not None:
            path, write = _FIELDS[option]
            *outer, name = path.split(".")
            place = fields.setdefault(outer[0], {}) if outer else fields
            place[name] = write(value)
    return fields


def _same(value: Any) -> Any:
    return value


def _start(is_manual: bool) -> str:
    return "MANUAL" if is_manual else "AUTOMATIC"


def _pairs(metadata: list[str]) -> dict[str, str]:
    wrong = [pair for pair in metadata if "=" not in pair]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]}: KEY=VALUE is needed")
    return dict(pair.split("=", 1) for pair in metadata)


def _hosts(origins: list[str]) -> list[str]:
    return [origin for origin in origins if origin]


_FIELDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "name": ("name", _same),
    "metadata": ("metadata", _pairs),
    "reconnect_window": ("reconnectWindow", seconds),
    "record": ("record", _same),
    "fail_back": ("failBack", _same),
    "creator": ("creator", _same),
    "manual_start": ("start", _start),
    "single_use": ("singleUse", _same),
    "publish_gate": ("publishGate", _same),
    "max_run_time": ("maxRunTime", seconds),
    "retention_days": ("recording.retentionDays", _same),
    "signed": ("recording.requireSignedUrls", _same),
    "origins": ("recording.allowedOrigins", _hosts),
    "hide_viewers": ("recording.hideViewerCount", _same),
    "dvr": ("dvr", _same),
    "low_latency": ("lowLatency", _same),
    "app_id": ("appId", _same),
}
