"""Logs of children."""

from pathlib import Path

from services.machine.logfile import last_lines, rotate


def test_large_log_moves_aside_and_its_writer_goes_on_at_the_start(tmp_path: Path) -> None:
    """Rotation keeps one older file, and a writer in append mode needs not know of it."""
    log = tmp_path / "api.log"
    with log.open("a") as writer:
        writer.write("x" * 100)
        writer.flush()
        assert rotate(log, max_bytes=50)
        writer.write("new")
    assert log.read_text() == "new"
    assert (tmp_path / "api.log.1").read_text() == "x" * 100


def test_small_log_stays(tmp_path: Path) -> None:
    """Below the bound nothing happens, nor without a file."""
    log = tmp_path / "api.log"
    assert not rotate(log)
    log.write_text("x")
    assert not rotate(log)
    assert log.read_text() == "x"


def test_last_lines_are_the_end_of_a_long_file(tmp_path: Path) -> None:
    """Only the end is read, whatever the size."""
    log = tmp_path / "api.log"
    log.write_text("".join(f"line {n}\n" for n in range(10_000)))
    assert last_lines(log, 2) == ["line 9998", "line 9999"]
    assert last_lines(tmp_path / "none.log") == []


def test_log_that_cannot_be_kept_is_cut_all_the_same(tmp_path: Path) -> None:
    """On a full disk its bytes are what is missing."""
    path = tmp_path / "api.log"
    path.write_text("x" * 100)
    path.with_name("api.log.1").symlink_to("/dev/full")
    assert rotate(path, max_bytes=10)
    assert path.read_text() == ""
