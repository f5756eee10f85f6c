"""The rule checker catches a mistake against each of its rules, and finds none in playlists without mistakes."""

from collections.abc import Callable

import pytest

from tests.clients.hls_rules import Violation, check_delta, check_history, check_playlist, check_renditions, rule_names
from tests.clients.hls_rules.reader import read

Change = tuple[str, str]

LIVE = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.0,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0
#EXT-X-PART-INF:PART-TARGET=1.0
#EXT-X-MEDIA-SEQUENCE:100
#EXT-X-DISCONTINUITY-SEQUENCE:4
#EXT-X-MAP:URI="init1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:00.000Z
#EXTINF:2.0,
s100.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:02.000Z
#EXT-X-PART:DURATION=1.0,URI="p101.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=1.0,URI="p101.1.m4s"
#EXTINF:2.0,
s101.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init2.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:01:00.000Z
#EXT-X-PART:DURATION=0.9,URI="p102.0.m4s"
#EXT-X-PART:DURATION=1.0,URI="p102.1.m4s"
#EXT-X-PART:DURATION=0.1,URI="p102.2.m4s"
#EXTINF:2.0,
s102.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:01:02.000Z
#EXT-X-PART:DURATION=1.0,URI="p103.0.m4s",GAP=YES
#EXT-X-PART:DURATION=1.0,URI="p103.1.m4s",GAP=YES
#EXT-X-GAP
#EXTINF:2.0,
s103.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:01:04.000Z
#EXT-X-PART:DURATION=1.0,URI="p104.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p104.1.m4s"
#EXT-X-RENDITION-REPORT:URI="a.m3u8",LAST-MSN=104,LAST-PART=1
"""

RECORDING = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:4
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-START:TIME-OFFSET=2.5
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.2,
s0.m4s
#EXTINF:3.9,
s1.m4s
#EXT-X-ENDLIST
"""

MAIN = """#EXTM3U
#EXT-X-VERSION:4
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="One",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="a1.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Two",CHANNELS="2",URI="a2.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="t",NAME="English",LANGUAGE="en",URI="t.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="CC1",INSTREAM-ID="CC1"
#EXT-X-STREAM-INF:BANDWIDTH=4000000,AVERAGE-BANDWIDTH=3500000,CODECS="avc1.64001f,mp4a.40.2",\
RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="a",SUBTITLES="t",CLOSED-CAPTIONS="c"
v.m3u8
"""


def _long(first: int, last: int, parts: int = 1, *, skipped: int = 0) -> str:
    """Segments of 2 s with a discontinuity before number 4; `parts` of the open one after the last."""
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{9 if skipped else 6}",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.0,CAN-SKIP-UNTIL=12.0",
        "#EXT-X-PART-INF:PART-TARGET=1.0",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{int(first >= 4)}",
        *([f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}"] if skipped else ()),
    ]
    start = first + skipped
    for msn in range(start, last + 2):
        lines += ["#EXT-X-DISCONTINUITY"] if msn == 4 and first < 4 else []
        lines += [f'#EXT-X-MAP:URI="i{int(msn >= 4)}.mp4"'] if msn in (start, 4) else []
        lines += [f"#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:{2 * msn:02}.000Z"] if msn <= last or parts else []
        is_recent = 2 * (last - msn) + parts <= 6
        listed = parts if msn > last else 2 * is_recent
        lines += [f'#EXT-X-PART:DURATION=1.0,URI="p{msn}.{i}.m4s",INDEPENDENT=YES' for i in range(listed)]
        lines += ["#EXTINF:2.0,", f"s{msn}.m4s"] if msn <= last else []
    lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p{last + 1}.{parts}.m4s"')
    return "\n".join([*lines, ""])


STEPS = [_long(0, 4, 0), _long(0, 4, 1), _long(0, 5, 0), _long(1, 6, 1), _long(4, 7, 0)]


def _names(found: list[Violation]) -> set[str]:
    return {violation.rule for violation in found}


def _changed(text: str, change: Change) -> str:
    assert change[0] in text, f"{change[0]!r} is not there to be changed"
    return text.replace(*change, 1)


@pytest.mark.parametrize("text", [LIVE, RECORDING, MAIN, *STEPS, _long(0, 12, skipped=6)])
def test_playlist_without_mistakes_passes(text: str) -> None:
    """The texts that the mistakes are made in are right."""
    assert check_playlist(text) == []


def test_history_without_mistakes_passes() -> None:
    """A second at most between parts and 1.5 target durations between segments."""
    assert check_history(enumerate(STEPS)) == []
    assert check_history(enumerate(STEPS), grace_s=2) == []


def test_delta_without_mistakes_passes() -> None:
    """Skipped segments include a discontinuity and a change of MAP."""
    assert check_delta(_long(0, 11), _long(0, 12, skipped=6), _long(0, 12)) == []
    assert check_delta(_long(0, 11), _long(0, 12), _long(0, 12)) == []


LIVE_MISTAKES: dict[str, Change] = {
    "extm3u-first": ("#EXTM3U\n", "\n#EXTM3U\n"),
    "no-control-characters": ("s100.m4s", "s100.m4s\t"),
    "line-end": ("LAST-PART=1\n", "LAST-PART=1"),
    "version-once": ("#EXT-X-VERSION:6\n", "#EXT-X-VERSION:6\n#EXT-X-VERSION:6\n"),
    "tag-once": ("#EXT-X-TARGETDURATION:2\n", "#EXT-X-TARGETDURATION:2\n#EXT-X-TARGETDURATION:2\n"),
    "attribute-list": ("PART-HOLD-BACK=3.0", "PART-HOLD-BACK"),
    "kinds-not-mixed": ("#EXTINF:2.0,\ns100", "#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXTINF:2.0,\ns100"),
    "known-tags": ("#EXT-X-GAP", "#EXT-X-GAPS"),
    "flags-have-no-value": ("#EXT-X-GAP", "#EXT-X-GAP:YES"),
    "no-directives-in-uris": ("s101.m4s", "s101.m4s?a=1&%5FHLS_msn=3"),
    "uri-characters": ("p101.1.m4s", "p 101.1.m4s"),
    "version-high-enough": ("VERSION:6", "VERSION:5"),
    "version-no-higher": ("VERSION:6", "VERSION:9"),
    "target-duration": ("#EXT-X-TARGETDURATION:2\n", ""),
    "extinf-within-target": ("#EXTINF:2.0,\ns100", "#EXTINF:2.5,\ns100"),
    "extinf": ("#EXTINF:2.0,\ns100", "s100"),
    "sequence-tags-first": ("s100.m4s\n", "s100.m4s\n#EXT-X-MEDIA-SEQUENCE:100\n"),
    "playlist-type": ("#EXT-X-MEDIA-SEQUENCE", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MEDIA-SEQUENCE"),
    "hold-back": (",HOLD-BACK=6.0", ",HOLD-BACK=5.9"),
    "skip-boundary": ("CAN-SKIP-UNTIL=12.0", "CAN-SKIP-UNTIL=11.9"),
    "map-for-fmp4": ('#EXT-X-MAP:URI="init1.mp4"\n', ""),
    "map-has-uri": ('#EXT-X-MAP:URI="init1.mp4"', '#EXT-X-MAP:URL="init1.mp4"'),
    "map-after-discontinuity": ('#EXT-X-MAP:URI="init2.mp4"\n', ""),
    "one-uri-one-segment": ("s101.m4s", "s100.m4s"),
    "program-date-time-form": ("12:00:00.000Z", "12:00:00"),
    "program-date-time-at-discontinuity": ("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:01:00.000Z\n", ""),
    "program-date-time-adds-up": ("12:00:02.000Z", "12:00:02.200Z"),
    "program-date-time-advances": ("12:01:00.000Z", "12:00:01.000Z"),
    "skip-alone-and-allowed": ("s100.m4s\n", "s100.m4s\n#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n"),
    "skip-within-boundary": ("#EXT-X-MAP", "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXT-X-MAP"),
    "start-offset": ("#EXT-X-MAP", "#EXT-X-START:TIME-OFFSET=-5.9\n#EXT-X-MAP"),
    "part-inf": ("#EXT-X-PART-INF:PART-TARGET=1.0\n", ""),
    "part-hold-back": ("PART-HOLD-BACK=3.0", "PART-HOLD-BACK=1.9"),
    "part-hold-back-advised": ("PART-HOLD-BACK=3.0", "PART-HOLD-BACK=2.9"),
    "part-attributes": ('DURATION=1.0,URI="p101.1.m4s"', 'URI="p101.1.m4s"'),
    "part-not-too-long": ("PART-TARGET=1.0", "PART-TARGET=0.99999"),
    "part-not-too-short": ("DURATION=0.9", "DURATION=0.84"),
    "parts-add-up": ("DURATION=0.1", "DURATION=0.102"),
    "tags-before-parts": ("#EXTINF:2.0,\ns102", '#EXT-X-MAP:URI="init2.mp4"\n#EXTINF:2.0,\ns102'),
    "one-uri-one-part": ("p104.0.m4s", "p103.0.m4s"),
    "parts-removed-in-order": (
        '#EXT-X-PART:DURATION=1.0,URI="p103.0.m4s",GAP=YES\n#EXT-X-PART:DURATION=1.0,URI="p103.1.m4s",GAP=YES\n',
        "",
    ),
    "parts-listed-long-enough": (
        '#EXT-X-PART:DURATION=1.0,URI="p101.0.m4s",INDEPENDENT=YES\n#EXT-X-PART:DURATION=1.0,URI="p101.1.m4s"\n',
        "",
    ),
    "parts-removed-in-time": ("#EXTINF:2.0,\ns100", '#EXT-X-PART:DURATION=2.0,URI="p100.0"\n#EXTINF:2.0,\ns100'),
    "gap-parts": ('URI="p103.1.m4s",GAP=YES', 'URI="p103.1.m4s"'),
    "no-open-end-when-ended": ("LAST-PART=1\n", "LAST-PART=1\n#EXT-X-ENDLIST\n"),
    "hint-form": ("TYPE=PART", "TYPE=SEGMENT"),
    "no-hint-when-ended": ("LAST-PART=1\n", "LAST-PART=1\n#EXT-X-ENDLIST\n"),
    "one-hint-of-a-type": ("#EXT-X-REND", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p104.2.m4s"\n#EXT-X-REND'),
    "hint-is-new": ("p104.1.m4s", "p104.0.m4s"),
    "report-form": (",LAST-PART=1", ""),
    "one-report-a-rendition": (
        "#EXT-X-REND",
        '#EXT-X-RENDITION-REPORT:URI="a.m3u8",LAST-MSN=1,LAST-PART=1\n#EXT-X-REND',
    ),
    "profile-blocking": ("CAN-BLOCK-RELOAD=YES,", ""),
    "profile-hint": ("TYPE=PART", "TYPE=MAP"),
    "profile-program-date-time": ("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:01:04.000Z\n", ""),
}

MORE_MISTAKES: list[tuple[str, str, Change]] = [
    ("attribute-list", LIVE, ("PART-HOLD-BACK=3.0", "PART-HOLD-BACK=3.0,PART-HOLD-BACK=3.0")),
    ("target-duration", LIVE, ("TARGETDURATION:2", "TARGETDURATION:2.5")),
    ("extinf", LIVE, ("s101.m4s\n", "")),
    ("skip-boundary", LIVE, ("CAN-SKIP-UNTIL=12.0", "CAN-SKIP-DATERANGES=YES")),
    ("part-hold-back", LIVE, ("PART-HOLD-BACK=3.0,", "")),
    ("part-not-too-long", LIVE, ("DURATION=1.0", "DURATION=1.00001")),
    ("report-form", LIVE, ('URI="a.m3u8"', 'URI="https://example.com/a.m3u8"')),
    ("report-form", LIVE, ("LAST-MSN=104,", "")),
    ("sequence-tags-first", LIVE, ("MEDIA-SEQUENCE:100", "MEDIA-SEQUENCE:-1")),
    ("playlist-type", RECORDING, ("VOD", "LIVE")),
    ("playlist-type", RECORDING, ("#EXT-X-ENDLIST\n", "")),
    ("start-offset", RECORDING, ("2.5", "8.2")),
    ("extinf-within-target", RECORDING, ("4.2", "4.5")),
    ("skip-alone-and-allowed", RECORDING, ("#EXT-X-MAP", "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-MAP")),
    ("skip-alone-and-allowed", _long(0, 12, skipped=6), ("SKIPPED-SEGMENTS=6", "SKIPPED-SEGMENTS=0")),
    ("version-high-enough", _long(0, 12, skipped=6), ("VERSION:9", "VERSION:8")),
    ("kinds-not-mixed", MAIN, ("#EXT-X-MEDIA:", "#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA:")),
    ("variant-has-uri", MAIN, ("v.m3u8\n", "")),
    ("variant-bandwidth", MAIN, ("BANDWIDTH=4000000,", "")),
    ("variant-bandwidth", MAIN, ("AVERAGE-BANDWIDTH=3500000", "AVERAGE-BANDWIDTH=4500000")),
    ("variant-codecs", MAIN, ('CODECS="avc1.64001f,mp4a.40.2",', "")),
    ("variant-picture", MAIN, ("29.970", "29.97")),
    ("variant-picture", MAIN, ("RESOLUTION=1280x720,", "")),
    ("audio-group-exists", MAIN, ('AUDIO="a"', 'AUDIO="b"')),
    ("text-group-exists", MAIN, ('SUBTITLES="t"', 'SUBTITLES="u"')),
    ("text-group-exists", MAIN, (',URI="t.m3u8"', "")),
    ("captions-in-picture", MAIN, ('CLOSED-CAPTIONS="c"', 'CLOSED-CAPTIONS="d"')),
    ("captions-in-picture", MAIN, (',INSTREAM-ID="CC1"', "")),
    ("captions-in-picture", MAIN, ('INSTREAM-ID="CC1"', 'INSTREAM-ID="CC1",URI="c.m3u8"')),
    ("audio-group-in-codecs", MAIN, (",mp4a.40.2", "")),
    ("rendition-attributes", MAIN, (',NAME="Two"', "")),
    ("rendition-attributes", MAIN, ("AUTOSELECT=YES", "AUTOSELECT=NO")),
    ("rendition-channels", MAIN, ('CHANNELS="2",', "")),
    ("group-members", MAIN, ("Two", "One")),
    ("group-members", MAIN, ('NAME="Two"', 'NAME="Two",DEFAULT=YES')),
]


@pytest.mark.parametrize(("rule", "change"), LIVE_MISTAKES.items(), ids=LIVE_MISTAKES)
def test_mistake_in_a_live_playlist_is_caught(rule: str, change: Change) -> None:
    """One change to a right playlist breaks at least the rule it aims at."""
    assert rule in _names(check_playlist(_changed(LIVE, change)))


@pytest.mark.parametrize(("rule", "text", "change"), MORE_MISTAKES)
def test_mistake_in_another_playlist_is_caught(rule: str, text: str, change: Change) -> None:
    """Other ways to break the same rules, and the rules of recordings, updates and multivariant playlists."""
    assert rule in _names(check_playlist(_changed(text, change)))


Edit = Callable[[list[str]], list[str]]


def _replaced(index: int, *changes: Change) -> Edit:
    def edit(steps: list[str]) -> list[str]:
        for change in changes:
            steps[index] = _changed(steps[index], change)
        return steps

    return edit


HISTORY_MISTAKES: dict[str, Edit] = {
    "target-durations-constant": _replaced(2, ("TARGETDURATION:2", "TARGETDURATION:3")),
    "header-constant": _replaced(2, ("CAN-BLOCK-RELOAD=YES,", "")),
    "media-sequence-grows": lambda steps: [*steps, steps[0]],
    "discontinuity-sequence-grows": lambda steps: [*steps, steps[0]],
    "edge-never-back": lambda steps: [steps[1], steps[0]],
    "no-segment-missed": lambda steps: [steps[0], _long(6, 9)],
    "uri-immutable": _replaced(2, ("s3.m4s", "s3-again.m4s")),
    "duration-immutable": _replaced(2, ("#EXTINF:2.0,\ns3", "#EXTINF:1.9,\ns3")),
    "discontinuity-immutable": _replaced(4, ("DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:0")),
    "map-immutable": _replaced(3, ("i0.mp4", "i9.mp4")),
    "date-immutable": _replaced(2, ("12:00:06.000Z", "12:00:06.001Z")),
    "parts-immutable": _replaced(2, ('"p3.0.m4s",INDEPENDENT=YES', '"p3.0.m4s"')),
    "no-early-removal": lambda steps: [steps[0], _long(3, 4, 0)],
    "nothing-after-end": _replaced(1, ("#EXT-X-PRELOAD", "#EXT-X-ENDLIST\n#EXT-X-PRELOAD")),
    "typed-keeps-all": _replaced(3, ("#EXT-X-MEDIA-SEQ", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA-SEQ")),
    "hint-kept": _replaced(0, ("p5.0.m4s", "p5.9.m4s")),
}


@pytest.mark.parametrize(("rule", "edit"), HISTORY_MISTAKES.items(), ids=HISTORY_MISTAKES)
def test_mistake_between_versions_is_caught(rule: str, edit: Edit) -> None:
    """Versions that are right one by one, and contradict each other."""
    assert rule in _names(check_history(enumerate(edit(list(STEPS)))))


@pytest.mark.parametrize(
    "edit",
    [
        _replaced(2, ("p5.0.m4s", "p5.x.m4s")),
        _replaced(2, ('#EXT-X-PART:DURATION=1.0,URI="p4.0.m4s",INDEPENDENT=YES\n', "")),
    ],
)
def test_changed_or_lost_part_is_caught(edit: Edit) -> None:
    """A part that was listed stays, or its whole segment's parts go."""
    assert "parts-immutable" in _names(check_history(enumerate(edit(list(STEPS)))))


CLOCK_MISTAKES = {"segment-in-time": [0, 1, 4.2, 5, 6], "part-in-time": [0, 1.7, 2, 3, 4]}


@pytest.mark.parametrize(("rule", "times"), CLOCK_MISTAKES.items(), ids=CLOCK_MISTAKES)
def test_late_version_is_caught(rule: str, times: list[float]) -> None:
    """A segment after more than 3 s, a part after more than 1 s, each and half a second."""
    assert rule in _names(check_history(zip(times, STEPS, strict=True), grace_s=0.5))


DELTA_MISTAKES: dict[str, Change] = {
    "delta-skips-known": ("MEDIA-SEQUENCE:0", "MEDIA-SEQUENCE:7"),
    "delta-header-same": ("DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1"),
    "delta-segments-same": ("s8.m4s", "s8-again.m4s"),
    "delta-map-same": ("i1.mp4", "i0.mp4"),
    "delta-metadata-same": ("p13.1.m4s", "p13.2.m4s"),
}


@pytest.mark.parametrize(("rule", "change"), DELTA_MISTAKES.items(), ids=DELTA_MISTAKES)
def test_mistake_in_a_delta_update_is_caught(rule: str, change: Change) -> None:
    """The update and the older playlist together say something else than the newer one."""
    update = _changed(_long(0, 12, skipped=6), change)
    assert rule in _names(check_delta(_long(0, 11), update, _long(0, 12)))


AUDIO = LIVE.replace("s10", "a10").replace("p10", "q10").replace('"a.m3u8"', '"v.m3u8"').replace(":02.000Z", ":02.021Z")
RENDITION_MISTAKES: dict[str, Change] = {
    "renditions-target-duration": ("TARGETDURATION:2", "TARGETDURATION:3"),
    "renditions-discontinuity": ("DISCONTINUITY-SEQUENCE:4", "DISCONTINUITY-SEQUENCE:3"),
    "renditions-date": ("12:01:04.000Z", "12:01:04.200Z"),
    "renditions-type": ("#EXT-X-MEDIA-S", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA-S"),
    "renditions-reported": ('"v.m3u8"', '"a.m3u8"'),
}


def test_renditions_without_mistakes_pass() -> None:
    """Sound starts 21 ms after the picture, and each reports on the other."""
    assert check_playlist(AUDIO) == []
    assert check_renditions({"v.m3u8": LIVE, "a.m3u8": AUDIO}) == []


@pytest.mark.parametrize(("rule", "change"), RENDITION_MISTAKES.items(), ids=RENDITION_MISTAKES)
def test_renditions_that_disagree_are_caught(rule: str, change: Change) -> None:
    """Two playlists, each right by itself."""
    found = check_renditions({"v.m3u8": LIVE, "a.m3u8": _changed(AUDIO, change)})
    assert rule in _names(found)


def test_segment_neither_listed_nor_skipped_is_caught() -> None:
    """An update must not forget a segment at its seam."""
    update = _changed(_long(0, 12, skipped=6), ("SKIPPED-SEGMENTS=6", "SKIPPED-SEGMENTS=5"))
    assert "delta-segments-same" in _names(check_delta(_long(0, 11), update, _long(0, 12)))


def test_every_rule_is_shown_to_catch_something() -> None:
    """A rule that nothing can break is no rule."""
    tables = (LIVE_MISTAKES, HISTORY_MISTAKES, CLOCK_MISTAKES, DELTA_MISTAKES, RENDITION_MISTAKES)
    shown = {rule for table in tables for rule in table} | {mistake[0] for mistake in MORE_MISTAKES}
    assert shown == rule_names()


@pytest.mark.parametrize("text", ["", "#EXTM3U\n", "a\nb\n", "#EXT-X-PART:\n#EXTINF:\n", LIVE[:500], LIVE[300:]])
def test_garbage_is_judged_and_does_not_stop_the_checker(text: str) -> None:
    """What cannot be read is a violation, never an exception."""
    assert check_playlist(text)


def test_reader_counts_as_the_specification_does() -> None:
    """Sequence numbers, discontinuities and maps of segments, and the open end."""
    playlist = read(LIVE)
    counted = [(item.msn, item.discontinuity, item.map_uri, len(item.parts)) for item in playlist.items]
    assert counted[0] == (100, 4, "init1.mp4", 0)
    assert counted[2] == (102, 5, "init2.mp4", 3)
    assert playlist.open is not None
    assert playlist.open.msn == 104
    assert "MUST 4.4.3.1" in str(check_playlist(LIVE.replace("TARGETDURATION:2", "TARGETDURATION:1"))[0])
