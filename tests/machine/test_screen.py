"""What `headwater run` says."""

from pathlib import Path

import pytest

from services.machine.home import Home
from services.machine.screen import ready_block
from services.machine.settings import PRIVATE_TARGETS, MachineSettings


def _block(tmp_path: Path) -> str:
    return ready_block(Home(tmp_path), MachineSettings(home=tmp_path, minio_bin=None), took_s=1.0)


def test_ready_block_says_that_private_targets_are_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless whoever starts it has said otherwise; then it is silent."""
    monkeypatch.delenv(PRIVATE_TARGETS, raising=False)
    assert f"{PRIVATE_TARGETS}=allow" in _block(tmp_path)

    monkeypatch.setenv(PRIVATE_TARGETS, "refuse")
    assert PRIVATE_TARGETS not in _block(tmp_path)


def test_ready_block_names_the_addresses_that_customers_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CDN's, where viewers come by one."""
    monkeypatch.delenv("HEADWATER_PUBLIC_RTMP_URL", raising=False)
    monkeypatch.setenv("HEADWATER_PUBLIC_PLAYBACK_URL", "https://video.example.com/")
    block = _block(tmp_path)

    assert " https://video.example.com/<id>/watch\n" in block
    assert " rtmp://127.0.0.1:1935/live\n" in block
