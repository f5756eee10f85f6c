"""Every call of headwater.v1 has a command, and every command sends the call that it stands for."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from google.api import annotations_pb2
from typer.main import get_command

from headwater.cli.commands import app
from services.api.servicer import service_descriptors

ID, OTHER = "a" * 32, "b" * 32
FILE = "FILE"
COMMANDS = {
    "BroadcastService.GetBroadcast": f"broadcasts get {ID} {OTHER}",
    "BroadcastService.ListBroadcasts": f"broadcasts list {ID}",
    "LivestreamService.ActivateLivestream": f"livestreams activate {ID}",
    "LivestreamService.CompleteLivestream": f"livestreams complete {ID}",
    "LivestreamService.CreateLivestream": "livestreams create name",
    "LivestreamService.DeleteLivestream": f"livestreams delete {ID}",
    "LivestreamService.DeleteThumbnail": f"thumbnails delete {ID}",
    "LivestreamService.DisableLivestream": f"livestreams disable {ID}",
    "LivestreamService.EnableLivestream": f"livestreams enable {ID}",
    "LivestreamService.GetLivestream": f"livestreams get {ID}",
    "LivestreamService.GetThumbnail": f"thumbnails get {ID}",
    "LivestreamService.IdleLivestream": f"livestreams idle {ID}",
    "LivestreamService.ListHistory": f"livestreams history {ID}",
    "LivestreamService.ListLivestreams": "livestreams list",
    "LivestreamService.PublishLivestream": f"livestreams publish {ID}",
    "LivestreamService.RotateKeys": f"livestreams rotate-keys {ID}",
    "LivestreamService.UpdateLivestream": f"livestreams update {ID} --name name",
    "LivestreamService.UpdateThumbnail": f"thumbnails set {ID} {FILE}",
    "MediaService.ClipMedia": f"media clip {ID} --start 1 --end 2.5",
    "MediaService.CreateDownload": f"media download {ID}",
    "MediaService.DeleteCaption": f"captions delete {ID} en",
    "MediaService.DeleteDownload": f"media delete-download {ID}",
    "MediaService.DeleteMedia": f"media delete {ID}",
    "MediaService.DeleteMediaThumbnail": f"thumbnails delete {ID} --media",
    "MediaService.GetCaption": f"captions get {ID} en",
    "MediaService.GetMedia": f"media get {ID}",
    "MediaService.GetMediaThumbnail": f"thumbnails get {ID} --media",
    "MediaService.ListCaptions": f"captions list {ID}",
    "MediaService.ListDownloads": f"media downloads {ID}",
    "MediaService.ListMedia": "media list",
    "MediaService.RestoreMedia": f"media restore {ID}",
    "MediaService.UpdateCaption": f"captions set {ID} en {FILE}",
    "MediaService.UpdateMedia": f"media update {ID} --name name",
    "MediaService.UpdateMediaThumbnail": f"thumbnails set {ID} {FILE} --media",
    "OutputService.CreateOutput": f"outputs create {ID} --url rtmp://a.example/live --stream-key k",
    "OutputService.DeleteOutput": f"outputs delete {ID} {OTHER}",
    "OutputService.GetOutput": f"outputs get {ID} {OTHER}",
    "OutputService.ListOutputs": f"outputs list {ID}",
    "OutputService.UpdateOutput": f"outputs update {ID} {OTHER} --disabled",
    "SessionService.GetSession": f"sessions {ID}",
    "SessionService.GetUsage": "usage",
    "SessionService.ListSessions": "sessions",
    "SigningKeyService.CreatePlaybackToken": f"playback-token {ID}",
    "SigningKeyService.CreateSigningKey": "signing-keys create",
    "SigningKeyService.DeleteSigningKey": f"signing-keys revoke {ID}",
    "SigningKeyService.ListSigningKeys": "signing-keys list",
    "StatisticsService.GetStatistics": f"statistics {ID}",
    "StatisticsService.ListSamples": f"samples {ID}",
    "AppService.CreateApp": "apps create news",
    "AppService.DeleteApp": "apps delete news",
    "AppService.GetApp": "apps get news",
    "AppService.ListApps": "apps list",
    "TenantService.CreateTenant": "tenants create acme",
    "TenantService.DeleteTenant": "tenants delete acme",
    "TenantService.GetTenant": "tenants get acme",
    "TenantService.ListTenants": "tenants list",
    "TenantService.UpdateTenant": "tenants update acme --name name",
    "TokenService.CreateToken": "tokens create name",
    "TokenService.DeleteToken": f"tokens delete {ID}",
    "TokenService.ListTokens": "tokens list",
    "WebhookService.CreateWebhook": "webhooks create https://a.example",
    "WebhookService.DeleteWebhook": f"webhooks delete {ID}",
    "WebhookService.GetWebhook": f"webhooks get {ID}",
    "WebhookService.ListDeliveries": f"webhooks deliveries {ID}",
    "WebhookService.ListWebhooks": "webhooks list",
    "WebhookService.PingWebhook": f"webhooks ping {ID}",
    "WebhookService.ResendDelivery": f"webhooks resend {ID} {OTHER}",
    "WebhookService.UpdateWebhook": f"webhooks update {ID} --name name",
}
"""A new RPC without a command fails below; if it is to have none, its reason belongs here in place of the words."""

LONG = "x" * 300
ROW: dict[str, Any] = {
    "id": ID,
    "name": LONG,
    "url": f"https://{LONG}.example",
    "state": "RECONNECTING",
    "type": "SIMULCAST",
    "format": "STREAMDIVER",
    "event": "livestream.disconnected",
    "reason": LONG,
    "error": LONG,
    "label": LONG,
    "language": "pt-BR",
    "scope": "WRITE",
    "percent": 100,
    "duration": "604800.123456s",
    **dict.fromkeys(
        ("time", "createTime", "updateTime", "startTime", "endTime", "lastUseTime", "expireTime"),
        "2026-01-02T03:04:05.000006Z",
    ),
    **dict.fromkeys(("storageUsedBytes", "storageQuotaBytes"), "123456789012"),
    **dict.fromkeys(("ingestSeconds", "viewerSeconds"), 123456789012.123),
}


class Recorder(ThreadingHTTPServer):
    """Takes every call, keeps the last one's method and path, and answers with something of each kind."""

    asked = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Recorder

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        self.server.asked = f"{self.command} {path}"
        plural = path.rsplit("/", 1)[-1]
        plural = {"history": "entries", "primary": "samples"}.get(plural, plural)
        answer = {"state": "FAILED", "token": "a.b.c", "history": [ROW], plural: [ROW]} | (
            {} if plural in {"livestreams", "media"} else {"id": ID}
        )
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815  names that http.server calls

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Recorder(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture(scope="module")
def command() -> Any:
    """Built once, which takes longer than to run it."""
    return get_command(app)


@pytest.fixture
def run(command: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command."""
    monkeypatch.setenv("HEADWATER_TOKEN", "hw_x")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    Path(FILE).write_bytes(b"x")

    def run(*words: str) -> Said:
        with pytest.raises(SystemExit) as caught:
            command.main(list(words), prog_name="headwater")
        said = capsys.readouterr()
        return Said(int(caught.value.code or 0), said.out, said.err)

    return run


def test_every_call_has_a_command() -> None:
    """None too few, and none that is gone."""
    calls = {f"{service.name}.{rpc.name}" for service in service_descriptors() for rpc in service.methods}
    assert set(COMMANDS) == calls


@pytest.mark.parametrize("call", COMMANDS)
def test_command_sends_its_call(run: Run, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Method and path are those of the contract; what is printed is as wide as a page, or JSON."""
    monkeypatch.setenv("HEADWATER_URL", recorder.url)
    said = run(*COMMANDS[call].split())
    assert (said.code, said.err) in {(0, ""), (1, _NO_FILE)}, said
    assert re.fullmatch(_route(call), recorder.asked)
    if call in _TABLES:
        lines = said.out.splitlines()
        assert len(lines) > 1
        assert max(map(len, lines)) <= 100
    if call not in _FILES:
        json.loads(run(*COMMANDS[call].split(), "--json").out)


_TABLES = {call for call in COMMANDS if ".List" in call or call.endswith(("GetUsage", "GetStatistics"))}
_FILES = {
    "LivestreamService.GetThumbnail",
    "MediaService.GetCaption",
    "MediaService.GetMediaThumbnail",
    "MediaService.CreateDownload",
}
"""Commands that print a file as it is, or fetch one."""

_NO_FILE = "headwater: the file could not be made: see log/archiver.log\n"


def _route(call: str) -> str:
    service, _, name = call.partition(".")
    descriptor = next(each for each in service_descriptors() if each.name == service)
    rule = descriptor.methods_by_name[name].GetOptions().Extensions[annotations_pb2.http]
    verb = str(rule.WhichOneof("pattern"))
    return f"{verb.upper()} " + re.sub(r"{[^}]+}", "[^/:]+", getattr(rule, verb))


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, (*path, name))


def test_help_reads_well_at_every_level(command: Any, run: Run) -> None:
    """Each command and each option says what it is; a list of commands cuts no sentence off."""
    for path, one in _commands(command):
        text = run(*path, "--help").out
        assert "..." not in text.replace("[ARGS]...", ""), (path, text)
        assert one.help, path
        for option in one.params:
            assert getattr(option, "help", "x"), (path, option.name)
