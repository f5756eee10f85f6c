"""The demo's sound."""

from array import array

from services.machine.demo_sound import FRAME, RATE, Sound


def test_beep_stands_at_the_whole_second() -> None:
    """The first tenth of each second is loud, the rest is quiet, over the seam too."""
    sound = Sound()
    wave = array("f", b"".join(sound.frame(sample) for sample in range(0, 3 * RATE, FRAME)))
    loud = {place % RATE for place, level in enumerate(wave) if abs(level) > 0.05}
    assert max(loud) < RATE // 10
    assert len(loud) > RATE // 12
