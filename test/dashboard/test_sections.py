# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whatever comes on a topic, the page is the same page: only its text differs."""

from __future__ import annotations

import json
import math
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.care.profile import HEART
from emo_music_ros.dashboard import pages
from emo_music_ros.dashboard.markup import Markup, element, join
from emo_music_ros.dashboard.sections import SECTIONS, VIEWS, rendered
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.situations import DEFAULT, situations
from emo_music_ros.dashboard.state import Choice, Part, Plan, Playing, Ranked, Snapshot
from emo_music_ros.dashboard.words import CATALOGUE, LANGUAGES, WORDS
from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.streams import Contribution, Emotion, Estimate

EN = WORDS["en"]
SESSION = Session("Thea", "therapist", "en", 0.0, 0.0, token="token")


def emotion(state="calm", text="face", number=0.5) -> Emotion:
    estimate = Estimate(STATES, np.full(4, 0.25, np.float32), number, -number, number, 0.8)
    part = Contribution(text, number, 1.0, 0.9)
    return Emotion(1.0, state, estimate, 0.5, (part,), "logpool", "anna", True)


def snapshot(text: str, number: float = 0.5, state: str = "calm") -> Snapshot:
    """Return a snapshot that holds a text and a number wherever one can be."""
    return Snapshot(
        person=text,
        emotion=emotion(state, text, number),
        trail=((0.1, 0.1), (number, number)),
        playing=Playing("playing", text, text, text, number, 100.0, number, text, text),
        choice=Choice(text, (number, number), (Ranked(text, text, number, number, 0.5, 0.5),)),
        why=text,
        body=(("heart_rate", 72.0),),
        plan=Plan(text, text, 10.0),
        remaining=10.0,
        parts=((Part(text, "ok", text), True), (Part(text, "error", text), False)),
    )


class Outline(HTMLParser):
    """The elements of a page with their attributes, without any text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, ...]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        # numbers and titles may differ; which attributes there are may not
        self.found.append((tag, *(name for name, _ in attributes)))

    def handle_endtag(self, tag):
        self.found.append((f"/{tag}",))

    def handle_comment(self, data):
        self.found.append(("comment",))

    def handle_decl(self, decl):
        self.found.append((decl,))

    def handle_data(self, data):
        self.texts.append(data)


def page(view: str, now: Snapshot, language: str = "en") -> Markup:
    known = situations(DEFAULT).values()
    return pages.view(view, WORDS[language], SESSION, now, known, "")


@given(
    text=st.one_of(
        st.text(min_size=1, max_size=60),
        st.sampled_from(["<script>", "</title>", "'><b x='", "&#60;b&#62;", "<!--", "\x00<"]),
        st.text("<>&'\"/=! -", min_size=1, max_size=30),
    ),
    view=st.sampled_from(sorted(VIEWS)),
    language=st.sampled_from(LANGUAGES),
)
def test_no_text_makes_markup(text, view, language):
    found = page(view, snapshot(text), language)
    assert Outline(found).found == Outline(page(view, snapshot("plain"), language)).found
    found.encode("utf-8")
    event = json.dumps(rendered(view, snapshot(text), WORDS[language]))
    assert "\n" not in event
    assert "\r" not in event


@given(number=st.floats(allow_nan=True, allow_infinity=True), view=st.sampled_from(sorted(VIEWS)))
def test_no_number_breaks_a_page(number, view):
    found = page(view, snapshot("plain", number))
    assert 'nan"' not in found.lower()
    assert 'inf"' not in found.lower()


@given(text=st.text(max_size=80))
def test_an_attribute_stays_one(text):
    outline = Outline(element("a", "x", title=text))
    assert outline.found == [("a", "title"), ("/a",)]
    assert "".join(Outline(element("p", text)).texts).isprintable()


def test_markup_is_not_escaped_twice_and_text_always():
    assert join("<", Markup("<br>"), "&") == "&lt;<br>&amp;"
    assert element("p", element("b", "<")) == "<p><b>&lt;</b></p>"
    assert element("input", hidden=True, name=False, value=1.0) == '<input hidden value="1">'
    assert len(element("p", "x" * 10_000)) < 2100


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (Snapshot(), "Nothing is sensed"),
        (Snapshot(emotion=emotion(UNKNOWN)), "does not say enough"),
        (Snapshot(emotion=emotion(), silent="no consent"), "Not sensed: no consent"),
    ],
)
def test_what_is_not_known_is_said_and_why(now, why):
    found = SECTIONS["feels"](now, EN)
    assert "I don&#x27;t know" in found
    assert why in found
    assert "sure to" not in found
    assert 'class="here"' not in SECTIONS["plane"](Snapshot(emotion=emotion(UNKNOWN)), EN)


def test_what_is_known_is_shown_with_how_sure_it_is():
    now = snapshot("face")
    assert "Calm" in SECTIONS["feels"](now, EN)
    assert "sure to 80 %" in SECTIONS["feels"](now, EN)
    assert "50 % · 1 s ago · quality 90 %" in SECTIONS["parts"](now, EN)
    plane = SECTIONS["plane"](now, EN)
    for kind in ("here", "target", "trail"):
        assert f'class="{kind}"' in plane
    assert "suits the need 0.50" in SECTIONS["next"](now, EN)
    assert "72 per minute" in SECTIONS["body"](now, EN)
    assert SECTIONS["nodes"](now, EN).index("fault") < SECTIONS["nodes"](now, EN).index("good")
    assert "does not report any more" in SECTIONS["nodes"](now, EN)


def test_a_player_that_makes_no_sound_is_told():
    quiet = Snapshot(playing=Playing("playing", "t", "Waltz", backend="null"))
    assert "nothing is heard" in SECTIONS["music"](quiet, EN)
    assert "does not answer" in SECTIONS["music"](Snapshot(), EN)
    assert "No music" in SECTIONS["title"](Snapshot(playing=Playing("stopped")), EN)


def test_a_reason_that_was_missed_is_said_to_be():
    playing = Playing("playing", "t", choice_id="1")
    found = SECTIONS["music"]
    assert "not known here" in found(Snapshot(playing=playing), EN)
    assert "Why" not in found(Snapshot(playing=playing, silent="no consent"), EN)
    assert "Why" not in found(Snapshot(playing=Playing("playing", "t")), EN)
    assert "Why: because" in found(Snapshot(playing=playing, why="because"), EN)


def test_a_resident_is_told_nothing_of_feelings():
    found = "".join(rendered("resident", snapshot("plain"), EN).values())
    assert "Calm" not in found
    assert "sure" not in found
    whole = page("resident", snapshot("plain"))
    assert "sure to" not in whole


def test_every_state_has_a_word_in_every_language():
    for state in (*STATES, UNKNOWN):
        assert state in CATALOGUE
    for key, texts in CATALOGUE.items():
        assert len(texts) == len(LANGUAGES), key
        assert all(texts), key
        names = [sorted(part.split("}")[0] for part in text.split("{")[1:]) for text in texts]
        assert names[0] == names[1], key


def test_every_word_is_used_and_every_used_word_is_there():
    from pathlib import Path

    import emo_music_ros.dashboard as package

    (folder,) = map(Path, package.__path__)
    code = "".join(
        path.read_text()
        for each in (folder, folder.parent / "rqt")
        for path in each.glob("*.py")
        if path.name not in ("words.py", "care_words.py")
    )
    composed = {
        key
        for key in CATALOGUE
        if key.startswith(("role_", "scenario_", "cause_", "risk_", "aim_"))
        or key.endswith("_unit")
    }
    measures = {"heart_rate", "eda_level"}
    modalities = {"face", "speech", "text", "physiology", "eeg", "interaction"}
    statuses = {"stopped", "playing", "paused", "fading"}
    outside = {*STATES, *HEART, *measures, *modalities, *statuses, *situations(DEFAULT)}
    for key in set(CATALOGUE) - composed - outside:
        assert f'"{key}"' in code or f"'{key}'" in code, f"{key} is used nowhere"


def test_the_volume_button_begins_where_the_volume_is():
    loud = Snapshot(playing=Playing("playing", "t", volume=0.35))
    assert 'max="100" value="35"' in page("live", loud)
    assert 'value="50"' in page("live", Snapshot(playing=Playing("playing", volume=math.nan)))
