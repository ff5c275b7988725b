# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Words from a page count as said by the person, and are kept nowhere."""

from __future__ import annotations

import pytest

from emo_music_ros.dashboard.input_pages import LONGEST
from emo_music_ros.dashboard.state import Choice, Ranked
from emo_music_ros.errors import InputError


@pytest.mark.parametrize("role", ["carer", "therapist"])
def test_words_are_said_and_what_follows_is_on_the_page(site, role):
    site.board.person("anna", "")
    site.board.choice(Choice("because", (0.5, 0.2), (Ranked("Waltz", "S", 0.5, 0.5, 0.5, 0.5),)))
    browser = site.signed_in(role)
    page = browser.get("/input").body
    assert "said by anna just now" in page
    for section in ("now-feels", "now-plane", "now-next"):
        assert f'id="{section}"' in page
    assert "Waltz" in page
    browser.post("/input", text="  I am\n so glad <b> ", language="en")
    assert site.services.calls == [("say", "I am so glad <b>", "en")]
    assert "It was said" in browser.get("/input").body
    noted = " ".join(each.act for each in site.site._audit.latest())
    assert "words" in noted
    assert "glad" not in noted + page


@pytest.mark.parametrize(
    ("text", "told"), [("", "Nothing was written"), (" \n", "Nothing"), ("x" * 501, "too long")]
)
def test_nothing_and_too_much_are_refused(site, text, told):
    assert LONGEST == 500
    browser = site.signed_in("carer")
    browser.post("/input", text=text, language="en")
    assert told in browser.get("/input").body
    assert not site.services.calls


def test_without_consent_nothing_is_said(site):
    site.services.refusal = InputError("'anna' has withdrawn consent to text", "Ask first")
    browser = site.signed_in("carer")
    browser.post("/input", text="hello", language="xx")
    assert site.services.calls == [("say", "hello", "")]  # a language that is none is not known
    assert "withdrawn consent to text" in browser.get("/input").body
    assert site.site._audit.latest(1)[0].outcome == "not done"


def test_a_picture_does_not_come_in(site):
    browser = site.signed_in("carer")
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert browser.send("POST", "/input", b"--x--", headers).status == 415
    assert "emo-music predict" in browser.get("/input").body
