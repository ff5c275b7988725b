#!/usr/bin/env python3
# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Takes the pictures of docs/pictures: the pages with demonstration data, in a real browser.

.venv/bin/python scripts/pictures.py docs/pictures
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "test" / "helpers")]

import pytest  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from recordings import Recording  # noqa: E402
from shown import fill  # noqa: E402
from web import PASSWORD, Served, served  # noqa: E402

from emo_music_ros.report.write import render  # noqa: E402

#: Role -> its page.
VIEWS = {"resident": "resident", "carer": "carer", "therapist": "live"}
#: What every picture says of itself.
LABEL = """(() => {
  const label = document.createElement("div");
  label.textContent = "Demonstration data";
  label.style = "padding:.3rem 1rem;background:#fff3c4;color:#1b1b1f;font:1rem sans-serif";
  document.body.prepend(label);
})()"""
#: Width and height by role: as much as is to be seen.
SIZES = {"resident": (1000, 760), "carer": (1000, 1240), "therapist": (1280, 1720)}


def main() -> None:
    """Take the four pictures."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        pytest.MonkeyPatch.context() as patch,
        served(Path(place), patch) as site,
        sync_playwright() as running,
    ):
        browser = running.chromium.launch(
            executable_path=os.environ.get("EMO_MUSIC_CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        fill(site)
        for role, view in VIEWS.items():
            if role == "therapist":
                site.board.calls(())
            width, height = SIZES[role]
            page = browser.new_page(viewport={"width": width, "height": height})
            sign_in(page, site, role)
            page.goto(site.site.address + view)
            page.evaluate(LABEL)
            page.screenshot(path=folder / f"{role}.png")
        (Path(place) / "report.html").write_bytes(report(Path(place)))
        page = browser.new_page(viewport={"width": 1000, "height": 1100})
        page.goto(f"file://{place}/report.html")
        page.evaluate(LABEL)
        page.screenshot(path=folder / "report.png")
        browser.close()


def sign_in(page: Page, site: Served, role: str) -> None:
    """Sign in as somebody of a role."""
    site.site._accounts.add(f"Demo {role}", PASSWORD, role)
    site.site._dashboard._entrance.is_set_up = True
    page.goto(site.site.address)
    page.fill("[name=name]", f"Demo {role}")
    page.fill("[name=password]", PASSWORD)
    page.click("button")
    page.wait_for_load_state()


def report(folder: Path) -> bytes:
    """Return the report of one session that never was."""
    path = folder / "session.mcap"
    with Recording(path, "demonstration") as made:
        made.told(0.0)
        made.plan(0.5, 1200.0)
        titles = ("Moon River", "La Mer", "Clair de lune", "Greensleeves")
        for second in range(1, 1199):
            uneasy = second < 300
            made.emotion(second, 3 if uneasy else 2, -0.4 if uneasy else 0.3 + second / 4000)
            number, position = divmod(second, 290)
            if number < len(titles) and position == 5:
                made.recommend(second, titles[number], reason="leads to calm")
            if number < len(titles) and 6 <= position < 280:
                began = number * 290.0 + 6.0
                made.player(second + 0.1, titles[number], started=began, duration=275.0)
        made.plan(1200.0, 0.0)
    return render([path], ".html", "en")


if __name__ == "__main__":
    main()
