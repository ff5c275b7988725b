# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The lines that come out of a dry run."""

from __future__ import annotations

import argparse
import io
import json

import numpy as np
import pytest

from emo_music_ros.emotion import EKMAN
from emo_music_ros.errors import InputError
from emo_music_ros.simulation.dry_run import library, plain, run

SAD = [0.04, 0.04, 0.04, 0.04, 0.04, 0.76, 0.04]


@pytest.fixture
def dry_run(tmp_path):
    """Run events over a library of 24 tracks."""
    random = np.random.default_rng(3)
    tracks = [
        {
            "track_id": f"t{number}",
            "duration": 40,
            "valence": round(float(place[0]), 3),
            "arousal": round(float(place[1]), 3),
            "features": random.normal(size=4).round(3).tolist(),
        }
        for number, place in enumerate(random.uniform(-1, 1, (24, 2)))
    ]
    (tmp_path / "tracks.json").write_text(json.dumps(tracks))

    def go(lines, memory="", seed=1, **options):
        (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, lines)))
        arguments = argparse.Namespace(
            events=str(tmp_path / "events.jsonl"),
            library=str(tmp_path / "tracks.json"),
            memory=str(memory),
            person="resident",
            seed=seed,
            set=[f"{name.replace('__', '.')}={value}" for name, value in options.items()],
        )
        output, errors = io.StringIO(), io.StringIO()
        assert run(arguments, output, errors) == 0
        go.errors = errors.getvalue()

        def refuse(word):
            raise AssertionError(word)

        return [json.loads(line, parse_constant=refuse) for line in output.getvalue().splitlines()]

    return go


def faces(until, row=SAD, begin=0.0):
    return [
        {"topic": "encoding/face", "at": at / 2, "labels": EKMAN, "probabilities": row}
        for at in range(round(begin * 2), round(until * 2))
    ]


def of(lines, topic):
    return [line for line in lines if line["topic"] == topic]


def test_the_lines_have_what_was_agreed_in_order_of_time(dry_run):
    lines = dry_run([*faces(100), {"topic": "end", "at": 100}])
    times = [line["at"] for line in lines]
    assert times == sorted(times)
    assert times[-1] <= 100
    emotion = of(lines, "emotion")[-1]
    assert emotion["state"] == "depression"
    assert emotion["present"] is True
    assert emotion["person_id"] == "resident"
    assert emotion["weights"] == {"face": 1.0}
    assert emotion["valence"] < 0
    assert {"arousal", "confidence", "uncertainty"} <= set(emotion)
    first = of(lines, "recommendation")[0]
    assert (first["action"], first["trigger"], first["state"]) == ("play", "start", "depression")
    assert set(first["need"]) == {"valence", "arousal", "dominance"}
    assert 0 < first["propensity"] <= 1
    assert first["reason"]
    assert first["terms"]["score"] > 0
    assert of(lines, "player/state")[0]["status"] == "playing"
    outcome = of(lines, "listening/outcome")[0]
    assert outcome["reward"] is None or -1 <= outcome["reward"] <= 1
    assert set(outcome["signals"]) <= {"rating", "emotion", "dwell", "skip", "repeat", "heart"}
    assert isinstance(outcome["learned"], bool)


def test_without_a_sign_there_is_no_reward(dry_run):
    lines = dry_run([{"topic": "end", "at": 170}])
    outcomes = of(lines, "listening/outcome")
    assert len(outcomes) >= 3
    for outcome in outcomes:
        assert (outcome["reward"], outcome["signals"], outcome["learned"]) == (None, {}, False)
    assert {line["state"] for line in of(lines, "emotion")} == {"unknown"}
    assert not any(line["present"] for line in of(lines, "emotion"))


def test_the_same_file_and_seed_give_the_same_lines(dry_run):
    events = [
        *faces(60),
        {"topic": "interaction/event", "at": 60, "action": "next"},
        *faces(120, begin=60),
    ]
    assert dry_run(events) == dry_run(events)
    other = [dry_run(events, seed=seed) for seed in (2, 3, 4)]
    assert any(lines != dry_run(events) for lines in other)


def test_times_are_those_of_the_file_whatever_the_wall_clock_shows(dry_run):
    events = [*faces(30), {"topic": "clock", "at": 30, "set": -3600}, *faces(60, begin=30)]
    lines = dry_run(events)
    times = [line["at"] for line in lines]
    assert times == sorted(times)
    assert 0 == times[0] < times[-1] <= 60
    assert {line["state"] for line in of(lines, "emotion")[2:]} == {"depression"}


def test_a_late_rating_corrects_its_listen(dry_run):
    events = [
        *faces(20),
        {"topic": "interaction/event", "at": 20, "action": "next"},
        *faces(40, begin=20),
    ]
    first = of(dry_run(events), "recommendation")[0]["track_id"]
    rate = {"topic": "interaction/event", "at": 40, "action": "rate", "value": 1}
    lines = dry_run([*events, {**rate, "track_id": first}])
    skipped, corrected = [
        line for line in of(lines, "listening/outcome") if line["track_id"] == first
    ]
    assert skipped["listen"] == corrected["listen"]
    assert skipped["signals"] == {"skip": -1.0}
    assert skipped["reward"] == -1
    assert corrected["signals"] == {"skip": -1.0, "rating": 1.0}
    assert corrected["reward"] == pytest.approx((3 - 1) / 4, abs=1e-4)


def test_what_is_learned_is_kept_where_memory_is_named(dry_run, tmp_path):
    events = [*faces(20), {"topic": "interaction/event", "at": 20, "action": "next"}]
    events.append({"topic": "end", "at": 25})
    memory = tmp_path / "memory.sqlite"
    first = of(dry_run(events, memory), "listening/outcome")[0]
    second = of(dry_run(events, memory), "listening/outcome")[0]
    assert (first["listen"], second["listen"]) == (1, 3)  # the one begun last was ended, too


def test_settings_are_taken_and_those_without_a_part_named(dry_run):
    lines = dry_run([{"topic": "end", "at": 30}], recommender__patience=20, camera__rate=5)
    assert of(lines, "recommendation")[0]["at"] == pytest.approx(20, abs=0.5)
    assert "camera.rate" in dry_run.errors


def test_a_library_that_is_not_there_or_empty_is_an_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        library(str(tmp_path / "nothing"))
    with pytest.raises(InputError, match="empty"):
        library(str(tmp_path))


def test_what_is_not_a_number_is_null():
    found = plain({"a": np.float32(0.123456), "b": float("nan"), "c": [float("inf"), True, None]})
    assert found == {"a": 0.1235, "b": None, "c": [None, True, None]}
    assert isinstance(found["a"], float)
