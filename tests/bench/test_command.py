"""The command line."""

import pytest

from tests.bench.command import MEASURES, chosen


def test_each_measurement_takes_its_options_after_its_name() -> None:
    """As docs/performance.md writes them."""
    options = chosen(["streams", "--streams", "1", "5", "10", "--seconds", "60"])

    assert (options.measures, options.streams, options.seconds) == (["streams"], [1, 5, 10], 60.0)


def test_quick_shortens_what_is_not_said() -> None:
    """What somebody asks for by name is what he gets."""
    options = chosen(["viewers", "--quick", "--viewers", "300"])

    assert options.viewers == [300]
    assert options.seconds < chosen([]).seconds
    assert max(options.streams) < max(chosen([]).streams)


def test_settings_go_to_the_system() -> None:
    """--set names a setting of Headwater."""
    assert chosen(["--set", "HEADWATER_PART_DURATION=200ms"]).settings == {"HEADWATER_PART_DURATION": "200ms"}


@pytest.mark.parametrize(
    "wrong", [["steams"], ["--set", "PATH=/"], ["--seconds", "0"], ["--viewers", "-1"], ["--set", "HEADWATER_X"]]
)
def test_wrong_option_ends_with_status_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong is said before anything is started."""
    with pytest.raises(SystemExit) as ended:
        chosen(wrong)

    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_every_measurement_says_what_it_measures(capsys: pytest.CaptureFixture[str]) -> None:
    """--help names each of them."""
    with pytest.raises(SystemExit):
        chosen(["--help"])

    said = " ".join(capsys.readouterr().out.split())
    assert all(f"{name} (" in said for name in MEASURES)
