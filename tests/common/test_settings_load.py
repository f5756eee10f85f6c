import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field, SecretStr, model_validator

from services.common import ports
from services.common.settings import ServiceSettings
from services.common.settings_load import SettingsError, load, load_or_exit
from services.common.settings_types import Address, Duration, HostPort, LocalAddress, PortNumber


class Sample(ServiceSettings):
    program: ClassVar[str] = "packager"

    sample_port: PortNumber = Field(default=8123, description="A port.")
    sample_peer: LocalAddress = Field(default=HostPort("127.0.0.1", 8124), description="A program of ours.")
    sample_outside: Address = Field(default=HostPort("example.org", 443), description="Somebody else's.")
    sample_window: Duration = Field(default=10.0, description="A duration.")
    sample_token: SecretStr = Field(default=SecretStr(""), max_length=8, description="A secret.")

    @model_validator(mode="after")
    def _fits(self) -> "Sample":
        if self.sample_window > self.drain_timeout * 10:
            raise ValueError("HEADWATER_SAMPLE_WINDOW is longer than ten times HEADWATER_DRAIN_TIMEOUT")
        return self


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("HEADWATER_", "OTEL_")):
            monkeypatch.delenv(name)


def _refusal(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load(Sample)
    (line,) = refused.value.lines
    return line


def test_everything_has_a_default_that_works() -> None:
    """A program starts with an empty environment."""
    settings = load(Sample)

    assert settings.home == Path("var")
    assert settings.nats_url == "nats://127.0.0.1:4222"
    assert settings.metrics_port == ports.metrics_port("packager") == 9466
    assert settings.grpc_port == ports.grpc_port("packager")
    assert settings.replica == f"packager-{socket.gethostname()}"[:64]
    assert not settings.is_set("nats_url")


def test_port_offset_moves_every_default_and_no_explicit_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """One number moves all ports of the table; what was said explicitly stays."""
    monkeypatch.setenv("HEADWATER_PORT_OFFSET", "1000")
    monkeypatch.setenv("HEADWATER_REDIS_URL", "redis://cache:6379")
    settings = load(Sample)

    assert settings.sample_port == 9123
    assert settings.sample_peer == HostPort("127.0.0.1", 9124)
    assert settings.sample_outside == HostPort("example.org", 443)
    assert settings.metrics_port == 10466
    assert settings.nats_url == "nats://127.0.0.1:5222"
    assert settings.redis_url == "redis://cache:6379"
    assert settings.is_set("redis_url")


def test_values_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Durations, ports and standard OTLP variables arrive as what they are."""
    monkeypatch.setenv("HEADWATER_SAMPLE_WINDOW", "1m30s")
    monkeypatch.setenv("HEADWATER_SAMPLE_PORT", "0")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/")
    settings = load(Sample)

    assert settings.sample_window == 90.0
    assert settings.sample_port == 0
    assert settings.otlp_endpoint == "http://collector:4318"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HEADWATER_SAMPLE_WINDOW", "soon", "a duration such as"),
        ("HEADWATER_SAMPLE_PORT", "70000", "a port number"),
        ("HEADWATER_SAMPLE_OUTSIDE", "nowhere", "an address such as"),
        ("HEADWATER_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("HEADWATER_SHARDS", "0", "greater than or equal to 1"),
        ("HEADWATER_NATS_URL", "localhost", "such as nats://host:4222"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector", "an URL such as"),
    ],
)
def test_bad_value_is_named_with_what_is_expected(
    name: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names the variable, shows the value and says what would be right."""
    line = _refusal(name, value, monkeypatch)

    assert line.startswith(f"{name}: {value!r} is not valid; expected ")
    assert expected in line


def test_bad_secret_is_named_but_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The value of a secret, or a password inside an URL, is never repeated."""
    line = _refusal("HEADWATER_SAMPLE_TOKEN", "much-too-long-secret", monkeypatch)
    assert "HEADWATER_SAMPLE_TOKEN" in line
    assert "much-too-long" not in line

    monkeypatch.delenv("HEADWATER_SAMPLE_TOKEN")
    assert "hunter2" not in _refusal("HEADWATER_NATS_URL", "http://me:hunter2@host", monkeypatch)


def test_unknown_variable_is_refused_with_a_near_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt setting is not silently ignored."""
    line = _refusal("HEADWATER_LOGLEVEL", "debug", monkeypatch)

    assert line == "HEADWATER_LOGLEVEL: there is no such setting; did you mean HEADWATER_LOG_LEVEL?"


@pytest.mark.parametrize(
    "name", ["HEADWATER_API_SERVICE_HOST", "HEADWATER_API_PORT_8080_TCP_ADDR", "HEADWATER_SOCKETS", "HEADWATER_TOKEN"]
)
def test_variables_that_others_put_there_are_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes' service links, the supervisor's and the command line's variables are no mistakes."""
    monkeypatch.setenv(name, "x")

    assert load(Sample).program == "packager"


def test_settings_that_contradict_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule between two settings tells in its own words."""
    line = _refusal("HEADWATER_SAMPLE_WINDOW", "1h", monkeypatch)

    assert line == "HEADWATER_SAMPLE_WINDOW is longer than ten times HEADWATER_DRAIN_TIMEOUT"


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("HEADWATER_MEDIA_LOG_AGE", "60s", "reconnect window"),
        ("HEADWATER_CMAF_LOG_AGE", "10m", "HEADWATER_MEDIA_LOG_AGE"),
    ],
)
def test_log_ages_that_contradict_are_refused(
    name: str, value: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No log may forget what an heir or a returning encoder still needs."""
    line = _refusal(name, value, monkeypatch)

    assert line.startswith(name)
    assert other in line


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to start a program five times to correct five settings."""
    monkeypatch.setenv("HEADWATER_SHARDS", "x")
    monkeypatch.setenv("HEADWATER_LOG_LEVEL", "x")
    monkeypatch.setenv("HEADWATER_UNHEARD_OF", "x")
    with pytest.raises(SettingsError) as refused:
        load(Sample)

    assert len(refused.value.lines) == 3


def test_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Secrets may be mounted as files rather than stand in the environment."""
    (tmp_path / "headwater_s3_secret_key").write_text("from-a-file")
    monkeypatch.setenv("HEADWATER_SECRETS_DIR", str(tmp_path))

    assert load(Sample).s3_secret_key.get_secret_value() == "from-a-file"


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing the settings, as a careless log line might, tells no secret."""
    monkeypatch.setenv("HEADWATER_S3_SECRET_KEY", "hunter2")

    assert "hunter2" not in repr(load(Sample))


def test_settings_cannot_be_changed() -> None:
    """A program's settings are what it was started with."""
    with pytest.raises(ValueError, match="frozen"):
        load(Sample).shards = 2


def test_wrong_environment_ends_with_status_two_and_one_line() -> None:
    """The process ends with status 2 and one line on stderr per fault, without a traceback."""
    program = (
        "from services.common.settings import ServiceSettings;"
        "from services.common.settings_load import load_or_exit; load_or_exit(ServiceSettings)"
    )
    environment = {"PATH": os.environ["PATH"], "HEADWATER_SHARDS": "many"}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=30, check=False
    )

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("headwater: HEADWATER_SHARDS: 'many' is not valid; expected ")
    assert ended.stderr.count("\n") == 1


def test_good_environment_is_just_loaded() -> None:
    """With nothing wrong `load_or_exit` returns the settings."""
    assert load_or_exit(Sample).sample_window == 10.0
