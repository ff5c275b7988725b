# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Questionnaires: golden values of pingouin 0.7.0, and rows that cannot be used."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.cli import main
from emo_music_ros.errors import InputError
from emo_music_ros.report.questionnaire import alpha, analyse, correlation, read, text, variance

ITEMS = (
    "3413 1212 4333 3353 7636 3442 3342 4232 6676 7756 6454 3223 "
    "3241 5576 3353 1312 4345 2112 3433 3343 3541 7546 4333 3434"
).split()
MEASURE = (
    *(7.3, 3.1, 6.8, 7.5, 8.2, 6.2, 5.9, 5.9, 6.0, 8.3, 6.3, 2.8),
    *(4.0, 8.7, 5.9, 3.4, 6.5, 3.8, 5.5, 4.1, 4.2, 7.9, 6.5, 6.4),
)
USE = ["daily"] * 8 + ["rarely"] * 8 + ["weekly"] * 8
HEAD = "person,group,q1,q2,q3,q4,fall of heart rate"


@pytest.fixture
def path(tmp_path):
    rows = [f"p{n},{USE[n]},{','.join(ITEMS[n])},{MEASURE[n]}" for n in range(24)]
    path = tmp_path / "answers.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n", "utf-8")
    return path


def test_the_figures_are_those_of_a_statistics_library(path):
    found = analyse(read(path))
    known = found["reliability"]
    assert known["alpha"] == pytest.approx(0.8792355150736653)
    assert (known["low"], known["high"]) == (pytest.approx(0.775, abs=5e-4),
                                             pytest.approx(0.942, abs=5e-4))  # fmt: skip
    part = found["variance"]["fall of heart rate"]
    assert part["F"] == pytest.approx(0.4497932207320362)
    assert (part["between"], part["within"]) == (2, 21)
    assert part["p"] == pytest.approx(0.6437622441296689)
    assert part["eta2"] == pytest.approx(0.04107778217038931)
    (pair,) = found["correlation"]
    assert (pair["one"], pair["other"]) == ("total", "fall of heart rate")
    assert pair["r"] == pytest.approx(0.7522787472197081)
    assert pair["p"] == pytest.approx(2.2369719823762786e-05)
    assert (pair["low"], pair["high"]) == (pytest.approx(0.5, abs=5e-3),
                                           pytest.approx(0.89, abs=5e-3))  # fmt: skip


def test_rows_that_cannot_be_used_are_counted_and_named(path):
    with path.open("a") as file:
        file.write("p3,daily,1,2,3,4,5\np25,daily,1,2,3\np26,daily,8,1,1,1,1\n")
        file.write("p27,daily,1,one,1,1,1\n,daily,1,1,1,1,1\np28,,1,1,1,1,1\np29,daily,,1,1,1,1\n")
        file.write("p30,daily,nan,1,1,1,1\n\np31,daily,1,1,1,1,\n")
    answers = read(path)
    assert len(answers.people) == 25  # p31 only lacks the measure
    assert np.isnan(answers.measures["fall of heart rate"][-1])
    reasons = ("'p3' has answered before", "5 fields instead of 7", "q1 is 8, outside 1..7",
               "q2 is 'one', no number", "no person", "no group", "q1 is '', no number",
               "q1 is nan")  # fmt: skip
    assert len(answers.refused) == len(reasons)
    for line, (found, wanted) in enumerate(zip(answers.refused, reasons), start=26):
        assert found == f"line {line}: {wanted}"
    shown = text(analyse(answers))
    assert "25 people, 8 rows refused" in shown
    assert "line 28: q1 is 8, outside 1..7" in shown


def test_what_cannot_be_computed_is_not_run(tmp_path):
    path = tmp_path / "few.csv"
    path.write_text("﻿Person;q1\na;1\nb;2\n", "utf-8")
    found = analyse(read(path))
    assert found["reliability"]["alpha"] is None
    assert found["variance"] == {"total": {}}
    assert "not run" in text(found)
    path.write_text("person,score\na,1\nb,2\n")
    assert text(analyse(read(path))).count("not run") == 2
    assert correlation(np.ones(9), np.arange(9.0)) == {}
    assert variance(np.ones(4), ["a", "a", "b", "b"]) == {}
    assert variance(np.arange(3.0), ["a", "a", "b"]) == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "columns none"), ("a,b\n1,2\n", "columns a, b"), ("person,q1,q1\nx,1,1\n", "columns"),
     ("person,q1\nx,0\n", "no row"), ("person,q1\n", "there is none")],
)  # fmt: skip
def test_what_is_no_questionnaire_is_refused(tmp_path, content, said):
    path = tmp_path / "answers.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=said):
        read(path)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "missing.csv")


@given(st.integers(0, 10_000), st.floats(0.1, 10), st.floats(-5, 5))
def test_alpha_does_not_depend_on_scale_and_is_one_for_equal_items(seed, scale, shift):
    rng = np.random.default_rng(seed)
    items = rng.normal(size=(10, 1)) + rng.normal(size=(10, 3))
    one = alpha(items)["alpha"]
    assert alpha(scale * items + shift)["alpha"] == pytest.approx(one)
    assert one <= 1
    assert alpha(np.repeat(items[:, :1], 3, axis=1))["alpha"] == pytest.approx(1.0)


def test_the_command_prints_text_or_json(path, capsys):
    assert main(["questionnaire", str(path)]) == 0
    assert "Cronbach's alpha of 4 items: 0.879 [0.775, 0.942]" in capsys.readouterr().out
    assert main(["questionnaire", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] == 24
    assert main(["questionnaire", str(path), "--highest", "3"]) == 0
    assert "outside 1..3" in capsys.readouterr().out
