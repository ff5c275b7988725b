# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Words from a page count as said by the person, files are judged, and nothing is kept."""

from __future__ import annotations

import io
import json
import math

import numpy as np
import pytest
import soundfile

from emo_music_ros.dashboard import gate, judging
from emo_music_ros.dashboard.input_pages import LONGEST
from emo_music_ros.dashboard.judging import GIVEN, Judged, JudgeProcess
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


@pytest.mark.parametrize("kind", GIVEN)
def test_a_file_is_judged_and_what_would_be_best_is_told(site, kind):
    browser = site.signed_in("carer")
    answer = browser.give(f"/input/{kind}", b"\x00\xff picture")
    assert site.services.calls == [("judge", kind, b"\x00\xff picture")]
    assert site.desk.done == [("best", (0.7, 0.2))]
    found = json.loads(answer.body)
    assert found["told"] == "It was judged. What it is taken for is below."
    assert found["html"].index("Happiness") < found["html"].index("Anger")
    assert "90 %" in found["html"]
    assert "Waltz" in found["html"]
    assert site.site._audit.latest(1)[0].act == f"{kind} file"


def test_where_nobody_speaks_nothing_is_recommended(site):
    site.services.judged = Judged((), (), math.nan, math.nan)
    html = json.loads(site.signed_in("carer").give("/input/speech", b"x").body)["html"]
    assert "Nobody speaks in it." in html
    assert not site.desk.done


def test_what_a_file_says_is_text(site):
    site.services.judged = Judged(("<b>x</b>",), (1.0,), math.nan, math.nan)
    html = json.loads(site.signed_in("carer").give("/input/face", b"x").body)["html"]
    assert "&lt;b&gt;" in html


def test_a_file_that_is_refused_is_told(site):
    browser = site.signed_in("therapist")
    assert "No file was chosen" in browser.give("/input/face", b"").body
    assert not site.services.calls
    site.services.refusal = InputError("'anna' has withdrawn consent to face", "Ask first")
    assert "withdrawn consent to face" in browser.give("/input/face", b"x").body
    assert site.site._audit.latest(1)[0].outcome == "not done"


def test_a_file_needs_the_secret_of_the_page_and_the_role(site, monkeypatch):
    monkeypatch.setattr(gate, "LARGEST_FILE", 1000)
    browser = site.signed_in("carer")
    assert browser.give("/input/face", b"x", **{"X-Token": "wrong"}).status == 403
    assert browser.give("/input/face", b"x", **{"X-Token": None}).status == 403
    assert browser.give("/input/face", b"x", Origin="http://evil.example").status == 403
    assert browser.give("/input/face", b"x" * 1001).status == 413
    assert browser.give("/input/face", b"x", **{"Content-Type": "text/html"}).status == 415
    form = {"token": browser.token(), "file": "a.png"}
    assert browser.send("POST", "/input/face", form, {"X-Token": browser.token()}).status == 415
    assert browser.give("/input/speech", b"x" * 1000).status == 200
    assert len(site.services.calls) == 1
    for role in ("resident", "developer"):
        assert site.signed_in(role).give("/input/face", b"x").status == 403
    assert site.browser().send("POST", "/input/face", b"x", {"X-Token": ""}).status == 401


def test_a_voice_is_judged_by_a_process_of_its_own():
    rate = 16000
    sound = io.BytesIO()
    soundfile.write(sound, np.zeros(2 * rate), rate, format="WAV")
    judged = JudgeProcess()("speech", sound.getvalue())
    assert judged.probabilities == ()  # nobody speaks


@pytest.mark.parametrize("kind", GIVEN)
def test_what_is_no_picture_and_no_sound_is_told(kind):
    with pytest.raises(InputError) as caught:
        JudgeProcess()(kind, b"this is neither")
    assert "emo-music-given" not in str(caught.value)


def test_one_file_at_a_time_and_not_for_ever(monkeypatch):
    judge = JudgeProcess()
    with judge._lock, pytest.raises(InputError, match="another file is being judged"):
        judge("face", b"x")
    monkeypatch.setattr(judging, "PATIENCE", 0.01)
    with pytest.raises(InputError, match="longer than"):
        judge("face", b"x")
