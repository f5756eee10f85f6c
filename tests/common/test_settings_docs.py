import subprocess
import sys
from typing import ClassVar

import pytest
from pydantic import Field

from services.common.settings import ServiceSettings
from services.common.settings_catalog import known_variables, settings_classes
from services.common.settings_docs import page, settings_table
from services.common.settings_types import ByteSize, Duration, PortNumber


class Origin(ServiceSettings):
    program: ClassVar[str] = "origin"

    sample_port: PortNumber = Field(default=8088, description="Where viewers | players come.")
    sample_idle: Duration = Field(default=90.0, description="How long.")


class Packager(ServiceSettings):
    program: ClassVar[str] = "packager"

    sample_idle: Duration = Field(default=90.0, description="How long.")
    sample_size: ByteSize = Field(default=64_000_000, description="How large.")


class Stray(ServiceSettings):
    program: ClassVar[str] = "stray"

    sample_idle: Duration = Field(default=80.0, description="How long.")


def test_table_shows_every_setting_once_with_its_readers() -> None:
    """Shared settings come first, then each set of programs with what only they read."""
    table = settings_table([Origin, Packager])

    assert table.count("`HEADWATER_HOME`") == 1
    assert table.count("`HEADWATER_SAMPLE_IDLE`") == 1
    assert (
        "## origin\n\n| variable | default | what it is |\n|---|---|---|\n| `HEADWATER_SAMPLE_PORT` | `8088` + offset"
        in table
    )
    assert "## origin and packager\n" in table
    assert "| `HEADWATER_SAMPLE_IDLE` | `1m30s` | How long. |" in table
    assert "| `HEADWATER_SAMPLE_SIZE` | `64MB` | How large. |" in table
    assert r"viewers \| players" in table


def test_one_variable_described_twice_is_refused() -> None:
    """Programs that share a variable agree on it."""
    with pytest.raises(ValueError, match="HEADWATER_SAMPLE_IDLE is described in two ways"):
        settings_table([Origin, Stray])


def test_setting_without_description_is_refused() -> None:
    """There is no setting without a word on what it is."""

    class Mute(ServiceSettings):
        sample_mute: int = 1

    with pytest.raises(ValueError, match="sample_mute has no description"):
        settings_table([Mute])


def test_page_names_every_variable_that_is_known() -> None:
    """What a program accepts is documented."""
    classes = settings_classes()
    written = page(classes)

    assert [name for name in known_variables(classes) if f"`{name}`" not in written] == []


def test_page_in_the_repository_is_the_one_the_code_writes() -> None:
    """docs/configuration.md is current."""
    command = [sys.executable, "-m", "services.common.settings_docs", "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (checked.returncode, checked.stderr) == (0, "")
