# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The library: by pages, searched, one piece with its waveform."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from emo_music_ros.dashboard.library_pages import PAGE, felt
from emo_music_ros.dashboard.waveform import waveform
from emo_music_ros.errors import InputError
from emo_music_ros.streams import Track


def tracks(count):
    return [
        Track(
            f"t{n}",
            f"/m/{n}.wav",
            f"Piece <{n}>",
            "A & B",
            "waltz",
            125.0,
            96.0,
            0.5,
            0.4,
            0.5,
            -0.3,
        )
        for n in range(count)
    ]


def rows(page):
    return len(re.findall('href="/library/track', page))


def test_ten_thousand_pieces_are_shown_fifty_at_a_time(site):
    site.desk.tracks = tracks(10_000)
    browser = site.signed_in("carer")
    page = browser.get("/library").body
    assert rows(page) == PAGE
    assert "1 to 50 of 10000" in page
    assert "Back by 50" not in page
    assert len(page) < 60_000
    assert "Piece &lt;0&gt;" in page
    assert "A &amp; B" in page
    for shown in ("gentle, calm", "0.50, -0.30", "<td>96</td>", "<td>2:05</td>"):
        assert shown in page
    (later,) = re.findall(r'href="(/library\?[^"]*)"', page)
    second = browser.get(later.replace("&amp;", "&")).body
    assert "51 to 100 of 10000" in second
    assert "Back by 50" in second
    last = browser.get("/library?first=9990").body
    assert rows(last) == 10
    assert "On by 50" not in last


def test_it_is_searched_and_the_query_stays(site):
    site.desk.tracks = [*tracks(3), Track("x", "/x", 'Blue "Danube"', "Strauss")]
    browser = site.signed_in("therapist")
    page = browser.get("/library?q=danube").body
    assert rows(page) == 1
    assert 'value="danube"' in page
    assert "Nothing was found." in browser.get("/library?q=%22%3E%3Cscript%3E").body
    assert "<script>" not in browser.get("/library?q=%22%3E%3Cscript%3E").body


@pytest.mark.parametrize("first", ["-1", "x", "9" * 30, "1.5", "²"])
def test_a_place_that_is_none_is_the_beginning(site, first):
    site.desk.tracks = tracks(2)
    site.signed_in("carer").get(
        f"/library?first={first}" if first != "²" else "/library?first=%C2%B2"
    )
    assert site.desk.done == [("find", ("", 0))]


def test_a_library_that_does_not_answer_is_told(site):
    site.desk.refusal = InputError("the node recommender does not answer", "See its health")
    assert "does not answer" in site.signed_in("carer").get("/library").body


def test_one_piece_is_drawn(site, tmp_path):
    time = np.arange(22050 * 2) / 22050
    loud = np.where(time < 1, 0.1, 0.8) * np.sin(2 * np.pi * 220 * time)
    soundfile.write(tmp_path / "x.wav", loud, 22050)
    site.desk.tracks = [Track("a b", str(tmp_path / "x.wav"), "Loud later", tempo=0.0)]
    browser = site.signed_in("carer")
    page = browser.get("/library/track?id=a+b").body
    assert 'src="/library/waveform?id=a+b"' in page
    assert 'alt="How loud Loud later is' in page
    assert "not known" in page  # its tempo
    answer = browser.get("/library/waveform?id=a+b")
    assert answer.header("content-type") == "image/svg+xml"
    heights = [float(each.get("height")) for each in ElementTree.fromstring(answer.body)]
    assert len(heights) == 120
    assert max(heights[:55]) < 0.2 * max(heights)
    assert heights[100] == pytest.approx(40, rel=0.05)
    assert browser.get("/library/track?id=nothing").status == 303
    assert "cannot be drawn" in browser.get("/library/waveform?id=nothing").body


def test_a_file_that_is_gone_or_none_is_told(site, tmp_path):
    (tmp_path / "x.wav").write_bytes(b"no sound")
    for path in (tmp_path / "gone.wav", tmp_path / "x.wav", tmp_path):
        site.desk.tracks = [Track("t", str(path), "T")]
        drawn = site.signed_in("carer").get("/library/waveform?id=t")
        assert drawn.status == 200
        assert "cannot be drawn" in drawn.body


def test_silence_is_flat(tmp_path):
    soundfile.write(tmp_path / "x.wav", np.zeros(22050), 22050)
    assert waveform(tmp_path / "x.wav", 10) == [0.0] * 10


@pytest.mark.parametrize(
    ("valence", "arousal", "word"),
    [
        (0.5, 0.5, "felt_cheerful"), (0.5, -0.5, "felt_gentle"), (-0.5, 0.5, "felt_tense"),
        (-0.5, -0.5, "felt_sad"), (0.01, -0.02, "felt_even"), (float("nan"), 0.5, "not_known"),
    ],
)  # fmt: skip
def test_how_it_is_felt_has_a_word(valence, arousal, word):
    assert felt(Track("t", "/t", valence=valence, arousal=arousal)) == word
