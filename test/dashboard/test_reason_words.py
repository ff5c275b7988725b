# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whatever a policy or a session says of its choice is said in Chinese on a Chinese page."""

from __future__ import annotations

import ast
import inspect
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros import plugins, recommendation
from emo_music_ros.care.profile import Profile, Song
from emo_music_ros.dashboard.reason_words import CHINESE, spoken
from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.recommendation.policy import companion, guard, rules, target
from emo_music_ros.streams import Estimate, Track

TRACKS = [
    Track(f"t{n}", "", title=f"Lied {n}", artist="Bach", genre=("pop", "jazz", "rock")[n % 3],
          tempo=60.0 + 20 * n, mode=(-1.0) ** n, valence=n / 6 - 0.5, arousal=0.4 - n / 8,
          dominance=0.1, features=np.eye(8, dtype=np.float32)[n])
    for n in range(7)
]  # fmt: skip
KNOWN = "Bach|Lied|Strauss|jazz|classical|pop|dance|indie|electronic|ambient|chill|rock|metal"
KNOWN += "|acoustic|piano"


class Person:
    person_id = "anna"
    preference = np.zeros(8)
    profile = Profile()

    def history(self, track_id):
        return {"t1": (0.4, 1), "t2": (-0.4, 3), "t3": (0.0, 2)}.get(track_id, (0.0, 0))


def english(text):
    """Return the English words that are left, but names."""
    return re.findall(r"[A-Za-z]{2,}", re.sub(KNOWN, "", text))


@pytest.mark.parametrize("policy", sorted(plugins.available("recommender")))
def test_reasons_of_every_policy(policy):
    if policy == "bandit":
        pytest.importorskip("mabwiser", reason="mabwiser is not installed, and only it is a bandit")
    recommender = plugins.create("recommender", policy)
    for state in (*STATES, UNKNOWN):
        estimate = Estimate((), np.zeros(0, np.float32), -0.4, 0.3, 0.0, 1.0)
        for recent in ((), ("t1",), tuple(track.track_id for track in TRACKS)):
            for tracks in (TRACKS, [replace(each, year=1961, own=True) for each in TRACKS[:4]]):
                need, _ = recommender.rank(state, estimate, tracks, Person(), recent, 5)
                assert need.reason
                assert not english(spoken(need.reason, "zh")), need.reason


def test_reasons_of_goals_and_hours():
    for goal in ("", *target.GOALS):
        for hour in (math.nan, 20.0, 23.0):
            for state in (*STATES, UNKNOWN):
                assert not english(spoken(target.reason(state, goal, hour), "zh"))


def test_reasons_of_pieces():
    track = TRACKS[0]
    for piece in (track, replace(track, year=1961), replace(track, own=True),
                  replace(track, own=True, year=1961), replace(track, artist=""),
                  replace(track, artist="", year=1850)):  # fmt: skip
        for history in ((0.0, 0), (0.5, 1), (-0.5, 1), (0.0, 4), (0.9, 3), (-0.9, 2)):
            assert not english(spoken(companion.explain(piece, history, 0.7), "zh"))


def test_what_the_rules_say():
    own = [replace(each, own=True) for each in TRACKS]
    said = {guard.admissible(tracks, careful=True)[1] for tracks in (own, TRACKS, TRACKS[:1])}
    for risk in ("low", "high", "unknown"):
        profile = Profile(risk=risk, own=(Song("Lied 1"),), goal="sleep")
        for tracks in (own, TRACKS, []):
            for agitated in (False, True):
                said.add(rules.allowed(tracks, profile, careful=True, agitated=agitated)[1])
    assert len(said) >= 4
    assert not any(english(spoken(each, "zh")) for each in said)


def test_every_sentence_of_sessions_is_known():
    """Sentences are found in the sources: one that is added is one to translate."""
    folder = Path(inspect.getfile(recommendation)).parent
    known = "".join(CHINESE)
    for file in [*folder.glob("session/*.py"), *folder.glob("policy/*.py"), folder / "base.py"]:
        tree = ast.parse(file.read_text("utf-8"))
        texts = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        documented = {
            ast.get_docstring(node, clean=False)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        }
        for text in map(str.strip, texts - documented):
            if re.fullmatch(r"[A-Z][^.\n]* [^\n]*\.", text):
                assert text in known, f"{file.name}: {text}"


@given(st.text(max_size=80))
def test_what_is_not_known_stays_and_english_is_as_it_was(text):
    assert spoken(text, "en") == text
    assert spoken(f"Quite {text} else", "zh")
    words = re.findall(r"\w{3,}", text)
    assert all(word in spoken(text, "zh") for word in words) or any(
        each in text for each in ("Music", "Your song")
    )


def test_a_sentence_of_others_stays_among_known_ones():
    text = "Seems calm: quiet music that keeps it so. The moon is full! Music for the group."
    assert spoken(text, "zh") == ("显得平静：用安静的音乐保持。The moon is full!为大家播放的音乐。")
    told = (
        "Seems distressed: the music fades out and rests for 15 minutes, and 'A. B.' is kept back"
    )
    told += " until somebody chooses it again. Please look after the person."
    assert "“A. B.”" in spoken(told, "zh")
    assert not english(spoken(told, "zh").replace("A. B.", ""))
    assert spoken("not calibrated, 81 % of this week's dose of sound is used", "zh") == (
        "未校准。本周的声音剂量已用 81 %。"
    )
