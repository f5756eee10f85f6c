"""The demo's digits."""

from services.machine.demo_glyphs import glyphs


def test_every_digit_looks_different() -> None:
    """No two characters have the same picture."""
    drawn = [glyph.rows for glyph in glyphs(36).values()]
    assert len(set(drawn)) == len(drawn) == 12


def test_glyph_has_the_asked_height_and_even_rows() -> None:
    """Every row of a character is as wide as the character, so that drawing needs no check."""
    for height in (36, 144, 432):
        for glyph in glyphs(height).values():
            assert len(glyph.rows) == height
            assert {len(row) for row in glyph.rows} == {glyph.width}
