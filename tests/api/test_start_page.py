"""The start page as a person uses it, in Chromium."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from services.common.ids import new_id
from tests.api.running import PATIENCE_S, ApiServer, Others
from tests.api.test_chronicle import on_air, playback

pytestmark = [pytest.mark.connected, pytest.mark.browser]

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        expect.set_options(timeout=PATIENCE_S * 1000)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, api: ApiServer) -> Iterator[Page]:
    page: Page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(api.url)
    yield page
    page.close()
    assert errors == []


def sign_in(page: Page, api: ApiServer) -> None:
    page.get_by_label("Token").fill(api.token)
    page.get_by_role("button", name="Sign in").click()


def create(page: Page, name: str) -> Any:
    page.get_by_label("Name of a new livestream").fill(name)
    page.get_by_role("button", name="Create livestream").click()
    card = page.get_by_role("article").filter(has=page.get_by_role("heading", name=name, exact=True))
    expect(card).to_be_visible()  # the page has heard the answer, and so may others ask for it
    return card


def test_wrong_token_is_told_in_words(page: Page) -> None:
    """And the form stays."""
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_have_text("The token is not known.")
    expect(page.get_by_label("Token")).to_be_visible()


def test_created_livestream_says_where_to_send_and_hides_its_key(page: Page, api: ApiServer) -> None:
    """The key is shown when asked for, in the field and in the command alike."""
    sign_in(page, api)
    card = create(page, "First")
    with api.client() as rest:
        key = rest.call("GET", "/v1/livestreams?name=First")["livestreams"][0]["inputs"][0]["streamKey"]

    expect(card.get_by_text("rtmp://live.example:1935/live", exact=True).first).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(key)
    card.get_by_role("button", name="Show the primary stream key").click()
    expect(card.get_by_text(key, exact=True)).to_be_visible()
    card.get_by_text("OBS and ffmpeg").first.click()
    expect(card.get_by_text(f'"rtmp://live.example:1935/live/{key}"')).to_be_visible()


def test_state_and_recording_change_by_themselves(page: Page, api: ApiServer, others: Others) -> None:
    """Idle, live, idle again with a recording, whose MP4 is made and can be fetched."""
    sign_in(page, api)
    card = create(page, "Show")
    with api.client() as rest:
        livestream = rest.call("GET", "/v1/livestreams?name=Show")["livestreams"][0]["id"]
    broadcast = new_id()
    expect(card.get_by_role("status")).to_have_text("Idle")

    others.put("onair", livestream, on_air(broadcast))
    expect(card.get_by_role("status")).to_have_text("Live")
    expect(card.get_by_role("link", name="Watch")).to_have_attribute(
        "href", f"http://live.example:8088/{livestream}/watch"
    )

    others.put("playback", broadcast, playback(livestream, broadcast, Playback.RECORDED))
    others.remove("onair", livestream)
    expect(card.get_by_role("status")).to_have_text("Idle")
    expect(card.get_by_text("1:20 · 5.0 MB")).to_be_visible()
    expect(card.get_by_role("button", name="Make MP4")).to_be_visible()
    others.put(
        "jobs", f"{broadcast}.MP4", DownloadJob(media_id=broadcast, format="MP4", state=DownloadJob.RUNNING, percent=43)
    )
    expect(card.get_by_text("43 %")).to_be_visible()
    others.put("jobs", f"{broadcast}.MP4", DownloadJob(media_id=broadcast, format="MP4", state=DownloadJob.READY))
    expect(card.get_by_role("link", name="Download MP4")).to_have_attribute(
        "href", f"http://live.example:8088/{broadcast}/download/mp4"
    )


def test_order_that_cannot_be_done_is_told_in_words(page: Page, api: ApiServer, others: Others) -> None:
    """No archiver runs here."""
    sign_in(page, api)
    card = create(page, "Order")
    with api.client() as rest:
        livestream = rest.call("GET", "/v1/livestreams?name=Order")["livestreams"][0]["id"]
    broadcast = new_id()
    others.put("playback", broadcast, playback(livestream, broadcast, Playback.RECORDED))

    card.get_by_role("button", name="Make MP4").click()

    expect(page.locator("#notice")).to_have_text("A part of the system does not answer.")


def test_livestream_without_playback_and_inputs_says_so(page: Page, api: ApiServer, others: Others) -> None:
    """No address stands there that leads nowhere; what is kept back can be ended, and not be deleted."""
    sign_in(page, api)
    kind = {"start": "MANUAL", "publishGate": True, "recording": {"mode": "OFF"}}
    with api.client() as rest:
        livestream = rest.call("POST", "/v1/livestreams", {"name": "Relayed", **kind})["id"]
    card = page.get_by_role("article").filter(has=page.get_by_role("heading", name="Relayed"))

    expect(card.get_by_text("Nothing can be sent to it now.")).to_be_visible()
    expect(card.get_by_role("link", name="Watch")).to_be_hidden()
    expect(card).not_to_contain_text("://")

    card.get_by_role("button", name="Activate").click()
    expect(card.get_by_text("rtmp://live.example:1935/live", exact=True).first).to_be_visible()
    gated = on_air(new_id())
    gated.rules.is_gated = True
    others.put("onair", livestream, gated)
    expect(card.get_by_role("status")).to_have_text("Waiting to be published")
    expect(card.get_by_role("button", name="End broadcast")).to_be_visible()
    expect(card.get_by_role("button", name="Delete", exact=True)).to_be_hidden()


def test_reader_is_told_what_he_may_not_and_loses_no_word(page: Page, api: ApiServer) -> None:
    """Nor is a key offered that he is not shown."""
    with api.client() as rest:
        rest.call("POST", "/v1/livestreams", {"name": "Seen"})
        reader = rest.call("POST", "/v1/tokens", {"name": "reader", "scope": "READ"})["secret"]
    page.get_by_label("Token").fill("hw_…")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The token has characters that no token has.")
    page.get_by_label("Token").fill(reader)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_label("Name of a new livestream").fill("Typed")
    page.get_by_role("button", name="Create livestream").click()

    expect(page.locator("#notice")).to_have_text("This needs a token of scope WRITE.")
    expect(page.get_by_label("Name of a new livestream")).to_have_value("Typed")
    card = page.get_by_role("article").filter(has=page.get_by_role("heading", name="Seen"))
    expect(card.get_by_text("not shown to this token").first).to_be_visible()
    expect(card.get_by_role("button", name="primary stream key")).to_be_hidden()


def test_deletion_is_asked_about_first(page: Page, api: ApiServer) -> None:
    """No means no."""
    sign_in(page, api)
    card = create(page, "Gone")

    card.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(card).to_be_visible()
    card.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete livestream").click()

    expect(card).to_have_count(0)


def test_page_fits_a_narrow_screen(page: Page, api: ApiServer) -> None:
    """Nothing sticks out to the side."""
    page.set_viewport_size({"width": 360, "height": 700})
    sign_in(page, api)
    card = create(page, "A name that is longer than the screen of a small telephone is wide")
    expect(card).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_reference_is_drawn_from_openapi(page: Page, api: ApiServer) -> None:
    """Each call can be opened and says what it takes."""
    page.goto(f"{api.url}/docs")
    call = page.locator("#Livestream_CreateLivestream")
    call.locator("summary").click()

    expect(call.get_by_text("reconnectWindow").first).to_be_visible()
    expect(page.locator("details.call").first).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("`")


@pytest.mark.parametrize("name", ["Cloudinary", "Stream", "RealtimeKit", "Dyte", "Streamdiver"])
def test_reference_of_a_dialect_is_chosen_by_its_name(page: Page, api: ApiServer, name: str) -> None:
    """With every call that its openapi.json has, and what each may answer."""
    page.goto(f"{api.url}/docs")
    page.get_by_role("navigation", name="References").get_by_role("link", name=name, exact=True).click()

    expect(page.get_by_role("navigation", name="References").locator("[aria-current=page]")).to_have_text(name)
    paths = page.request.get(f"{api.url}/{name.lower()}/openapi.json").json()["paths"]
    calls = page.locator("details.call:has(.verb)")
    expect(calls).to_have_count(sum(len(verbs) for verbs in paths.values()))
    calls.nth(0).locator("summary").click()
    expect(calls.nth(0)).to_contain_text("No credential")
    expect(page.locator("body")).not_to_contain_text("`")


@pytest.mark.parametrize(
    ("api_name", "path"),
    [
        ("native", "/v1/livestreams"),
        ("cloudinary", "/cloudinary/v2/video/{cloud}/live_streams"),
        ("stream", "/cloudflare/client/v4/accounts/{account}/stream/live_inputs"),
        ("realtimekit", "/cloudflare/client/v4/accounts/{account}/realtime/kit/{app}/livestreams"),
        ("dyte", "/dyte/v2/livestreams"),
        ("streamdiver", "/streamdiver/v2/livestreams"),
    ],
)
def test_call_is_tried_out_with_the_token(page: Page, api: ApiServer, api_name: str, path: str) -> None:
    """As the form stands; nothing comes from another host."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{api.url}/docs?api={api_name}")
    call = page.locator("details.call").filter(has=page.get_by_text(path, exact=True)).first
    call.locator("summary").click()
    call.get_by_role("button", name="Send").click()
    expect(call.get_by_role("status")).to_contain_text(": 401")

    page.get_by_label("Token", exact=True).fill(api.token)
    page.get_by_role("button", name="Use").click()
    call.get_by_role("button", name="Send").click()
    expect(call.get_by_role("status")).to_contain_text(": 200")
    assert [url for url in asked if not url.startswith(f"{api.url}/")] == []


def test_body_and_parameters_of_a_call_are_sent(page: Page, api: ApiServer) -> None:
    """On a narrow screen, too."""
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"{api.url}/docs")
    page.get_by_label("Token", exact=True).fill(api.token)
    page.get_by_role("button", name="Use").click()
    call = page.locator("#Livestream_CreateLivestream")
    call.locator("summary").click()
    call.get_by_label("Body").fill('{"name": "Tried"}')
    call.get_by_role("button", name="Send").click()
    expect(call.locator("form pre")).to_contain_text('"name": "Tried"')

    listed = page.locator("#Livestream_ListLivestreams")
    listed.locator("summary").click()
    listed.get_by_label("name", exact=True).fill("tried")
    listed.get_by_role("button", name="Send").click()
    expect(listed.locator("form pre")).to_contain_text('"totalCount": 1')
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
