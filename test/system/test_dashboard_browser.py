# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The pages in a real browser, where there is one: by mouse, by keyboard, small and large.

Needs the package playwright and a Chromium, found as ``chromium`` or named by the variable
EMO_MUSIC_CHROMIUM. With EMO_MUSIC_SHOTS a folder, pictures of every page are left there.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from web import PASSWORD, served, wait

from emo_music_ros.dashboard.state import Part, Playing

CHROMIUM = os.environ.get("EMO_MUSIC_CHROMIUM") or shutil.which("chromium") or ""
SIZES = {"wide": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def chromium():
    """Return a browser; what the pages load and say is collected by each test."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install playwright"
    )
    if not CHROMIUM:
        pytest.skip("there is no chromium: apt install chromium, or set EMO_MUSIC_CHROMIUM")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def site(chromium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with served(tmp_path, monkeypatch) as running:
        yield running


@pytest.fixture
def page(chromium, site):
    """Return a page that may load nothing from elsewhere and say nothing on its console."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    found = context.new_page()
    complaints: list[str] = []
    found.on("console", lambda message: complaints.append(message.text))
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on(
        "request",
        lambda request: (
            complaints.append(request.url)
            if not request.url.startswith("http://127.0.0.1:")
            else None
        ),
    )
    found.set_default_timeout(30_000)
    yield found
    context.close()
    assert complaints == []


def sign_in(page, site, role):
    """Sign in as somebody of a role, who gets an account."""
    site.signed_in(role)
    page.goto(site.site.address)
    page.fill("[name=name]", f"{role} 0")
    page.fill("[name=password]", PASSWORD)
    page.click("button")
    page.wait_for_url(f"**/{role}")


def sign_up(page, site):
    page.goto(site.site.address)
    page.fill("[name=code]", site.code())
    page.fill("[name=name]", "Thea")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/live")


def test_a_newcomer_sets_up_watches_and_steers(page, site):
    sign_up(page, site)
    assert "I don't know" in page.inner_text("#now-feels")
    site.board.playing(Playing("playing", "t", "<b>The Blue Danube</b>", "Strauss", 5.0, 100.0))
    site.clock.now += 1
    page.locator("#now-music", has_text="<b>The Blue Danube</b>").wait_for()
    page.click("button.pause")
    page.locator("#told", has_text="Pause").wait_for()
    assert site.asked == [("pause", None)]
    assert page.url.endswith("/live")  # nothing was loaded again
    page.click("text=中文")
    page.locator("html[lang=zh]").wait_for()
    assert "我不知道" in page.inner_text("#now-feels")


def test_a_carer_starts_music_in_two_taps(page, site):
    sign_in(page, site, "carer")
    page.click("text=Calm afternoon")
    page.click("text=Start: Calm afternoon")
    page.locator("#told", has_text="Done").wait_for()
    (asked,) = site.asked
    assert (asked[0], asked[1].name) == ("situation", "calm_afternoon")


def test_a_resident_has_three_buttons_and_reaches_them_by_keyboard(page, site):
    sign_in(page, site, "resident")
    large = page.locator("button.large")
    assert large.all_inner_texts() == ["Music", "Another", "Stop"]
    assert all(large.nth(n).bounding_box()["height"] >= 150 for n in range(3))
    assert not page.locator("nav").count()
    for name in ("play", "skip", "stop"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        wait(lambda name=name: site.asked and site.asked[-1][0] == name, name)


def test_who_is_signed_out_is_led_to_the_door(page, site):
    sign_up(page, site)
    wait(lambda: site.site.viewers == 1, "the page to follow")
    site.clock.now += 100_000
    page.wait_for_url("**/login")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_its_screen(page, site, size, scheme):
    sign_up(page, site)
    width, height = SIZES[size]
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    site.board.playing(Playing("playing", "t", "A long title " * 10 + "x" * 300, "y" * 300))
    site.board.part(Part("/camera", "error", "z" * 400))
    for name in ("live", "carer", "resident", "accounts", "audit", "password"):
        page.goto(site.site.address + name)
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), name
        if os.environ.get("EMO_MUSIC_SHOTS"):
            path = Path(os.environ["EMO_MUSIC_SHOTS"]) / f"{name}-{scheme}-{size}.png"
            page.screenshot(path=path, full_page=True)
