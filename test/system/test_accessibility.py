# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Every page of every role in a real browser: axe, keyboard, 200 % zoom, a slow network, looks.

Needs playwright, axe-playwright-python (for the file of axe) and a Chromium, found as
``chromium`` or named by the variable EMO_MUSIC_CHROMIUM.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from shown import PAGES, fill
from web import PASSWORD, served, wait

axe = pytest.importorskip(
    "axe_playwright_python", reason="axe is not installed: pip install axe-playwright-python"
)
sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install playwright"
)
CHROMIUM = os.environ.get("EMO_MUSIC_CHROMIUM") or shutil.which("chromium") or ""
#: What axe finds and counts as no finding.
MINOR = ("minor", "moderate")
ROOT = "document.documentElement"
#: Every page of every role.
EVERY = [(role, page) for role, pages in PAGES.items() for page in pages]


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM:
        pytest.skip("there is no chromium: apt install chromium, or set EMO_MUSIC_CHROMIUM")
    with sync_api.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        with served(tmp_path_factory.mktemp("site"), patch) as running:
            fill(running)
            yield running


@pytest.fixture(scope="module")
def doors(chromium, site):
    """Return what is found before anybody has an account, and before anybody is signed in."""
    page = chromium.new_page()
    page.goto(site.site.address)
    assert page.url.endswith("/setup")
    found = {"setup": findings(page)}
    site.signed_in("developer")
    page.goto(site.site.address)
    assert page.url.endswith("/login")
    found["login"] = findings(page)
    page.close()
    return found


@pytest.fixture(scope="module")
def people(chromium, site, doors):
    """Return a page of every role, signed in."""
    found = {}
    for role in PAGES:
        site.signed_in(role)
        name = [each.name for each in site.site._accounts.all() if each.role == role][0]
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(site.site.address)
        page.fill("[name=name]", name)
        page.fill("[name=password]", PASSWORD)
        page.click("button")
        page.wait_for_url("**/live" if role in ("therapist", "developer") else f"**/{role}")
        found[role] = page
    return found


def speaks(page, language):
    """Turn a page to a language."""
    if page.evaluate(f"{ROOT}.lang") != language:
        if page.locator("footer summary").count():
            page.locator("footer summary").click()
        page.locator("form[action='/language'] button").click()
        page.locator(f"html[lang={language}]").wait_for()


def findings(page):
    """Return what axe finds that is serious or worse."""
    page.evaluate(Path(axe.__file__).with_name("axe.min.js").read_text())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node.get('failureSummary', '')}"
        for each in result["violations"]
        if each["impact"] not in MINOR
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("role", "name"), EVERY)
def test_axe_finds_nothing_serious(people, site, role, name, scheme):
    page = people[role]
    page.emulate_media(color_scheme=scheme)
    page.goto(site.site.address + name)
    assert findings(page) == []


def test_axe_finds_nothing_serious_before_anybody_is_signed_in(doors):
    assert doors == {"setup": [], "login": []}


def test_axe_would_find_something(people, site):
    page = people["therapist"]
    page.goto(site.site.address + "live")
    page.evaluate("document.querySelector('main').innerHTML += '<img src=/x><input>'")
    assert findings(page)


@pytest.mark.parametrize(("role", "name"), EVERY)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_at_200_percent_nothing_is_scrolled_sideways(people, site, role, name, language):
    """640 px wide with the letters twice as large."""
    page = people[role]
    page.set_viewport_size({"width": 640, "height": 900})
    page.goto(site.site.address + name)
    speaks(page, language)
    page.goto(site.site.address + name)
    page.evaluate(f"{ROOT}.style.fontSize = '2.5rem'")
    wide = page.evaluate(
        f"[...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect()"
        f".right > {ROOT}.clientWidth + 1).map(each => each.outerHTML.slice(0, 120))"
    )
    assert page.evaluate(f"{ROOT}.scrollWidth <= {ROOT}.clientWidth"), wide[:3]
    page.set_viewport_size({"width": 1280, "height": 900})
    speaks(page, "en")


@pytest.mark.parametrize(("role", "name"), EVERY)
def test_everything_is_reached_by_keyboard_and_seen_to_be(people, site, role, name):
    page = people[role]
    page.goto(site.site.address + name)
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input, select, textarea, summary')]"
        ".filter(each => each.checkVisibility({visibilityProperty: true}) && each.type != 'hidden'"
        " && !each.disabled).length"
    )
    reached = set()
    for _ in range(3 * wanted + 20):  # a date has three stops
        page.keyboard.press("Tab")
        number, outlined = page.evaluate(
            "(() => { const e = document.activeElement, all = [...document.querySelectorAll('*')];"
            " return [e === document.body ? -1 : all.indexOf(e),"
            " getComputedStyle(e).outlineStyle != 'none'] })()"
        )
        if number < 0 or (number in reached and len(reached) >= wanted):
            break
        assert outlined, page.evaluate("document.activeElement.outerHTML")
        reached.add(number)
    assert len(reached) == wanted


def test_a_carer_answers_a_call_by_keyboard_alone(people, site):
    page = people["carer"]
    site.services.calls.clear()
    page.goto(site.site.address + "carer")
    assert page.locator(".call").inner_text()
    page.locator(".call a").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls")
    page.locator("text=I am on it").focus()
    page.keyboard.press("Enter")
    wait(lambda: site.services.calls, "the answer")
    assert site.services.calls[0][:2] == ("acknowledge", 3)


def test_a_slow_network_gets_the_page_and_says_when_it_is_lost(people, site):
    page = people["carer"]
    session = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 400, "downloadThroughput": 6000, "uploadThroughput": 3000}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", slow)
    page.goto(site.site.address + "carer", wait_until="domcontentloaded")
    page.locator("#now-music", has_text="The Blue Danube").wait_for()
    page.click("button.pause")
    page.locator("#told", has_text="Pause").wait_for()
    session.detach()
    page.route("**/events/carer", lambda route: route.abort())
    page.goto(site.site.address + "carer")
    page.locator("#lost:not([hidden])").wait_for()
    page.unroute("**/events/carer")


def test_a_resident_says_yes_and_pauses_with_one_press(people, site):
    from emo_music_ros.consent.assent import ASK
    from emo_music_ros.consent.rules import ASSENT, Consent, Terms

    page = people["resident"]
    consents = site.board.snapshot().consents
    site.services.calls.clear()
    page.goto(site.site.address + "resident")
    pause = page.get_by_role("button", name="Stop watching and listening")
    pause.click()
    wait(lambda: site.services.calls, "the pause")
    assert site.services.calls[-1][:2] == ("sensing", "pause")
    site.board.consents((Consent("demonstration", ASSENT, False, terms=Terms(scope=ASK)),))
    site.board.person("demonstration", "has to be asked first")
    site.clock.now += 1
    page.locator("text=May this machine watch").wait_for()  # without loading anything
    assert not pause.count()  # what is not shown has no role
    page.locator("button:text-is('Yes')").click()
    wait(lambda: len(site.services.calls) > 1, "the yes")
    assert site.services.calls[-1][:2] == ("sensing", "assent")
    site.board.consents(consents)
    site.board.person("demonstration", "")
