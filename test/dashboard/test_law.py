# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The page of law and privacy: everybody reads it, and it claims nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emo_music_ros.dashboard.law_words import LAW_PARTS, LAW_WORDS
from emo_music_ros.dashboard.permissions import HOME, ROLES
from emo_music_ros.dashboard.words import WORDS
from emo_music_ros.notifying.calls import Calls


@pytest.mark.parametrize("role", ROLES)
def test_everybody_finds_it_and_reads_it(site, role):
    browser = site.signed_in(role)
    assert 'href="/law"' in browser.get(HOME[role]).body
    page = browser.get("/law").body
    for said in ("Art. 5(1)(f)", "Art. 50(3)", "Art. 26(6)", "Art. 9", "no medical device"):
        assert said in page
    for line in (each for lines in LAW_PARTS.values() for each in lines):
        assert WORDS["en"](line)[:30].replace("'", "&#x27;") in page


def test_every_text_is_shown_in_both_languages():
    shown = {*LAW_PARTS, *(each for lines in LAW_PARTS.values() for each in lines)}
    assert shown | {"law", "law_no_advice"} == set(LAW_WORDS)
    for english, chinese in LAW_WORDS.values():
        assert re.search("[一-鿿]", chinese)
        assert not re.search("[一-鿿]", english)


def test_no_text_of_the_pages_claims_an_effect_on_health():
    claims = re.compile(r"\b(treats?|heals?|cures?|therapeutic effect|reduces?|detects?)\b")
    for english, _ in WORDS["en"]._catalogue.values():
        said = claims.findall(english)
        assert not said or "Say nowhere" in english or "promises no" in english, english


def test_the_limits_that_are_shown_are_those_of_the_program(tmp_path):
    assert "90 days" in LAW_WORDS["kept_calls"][0]
    assert Calls(tmp_path / "c.sqlite")._days == 90
    reference = (Path(__file__).parents[2] / "docs/reference.md").read_text()
    kept = [line for line in reference.splitlines() if line.startswith("| `keep_days`")]
    assert len(kept) == 2
    assert all("`90.0`" in line for line in kept)
