# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the closed loop must do, one test for each behaviour, through ``emo-music dry-run``."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from emo_music_ros.cli import main

Line = dict[str, Any]
Run = Callable[..., list[Line]]

TYPICAL = {
    "anxiety": (-0.5, 0.5),
    "depression": (-0.6, -0.4),
    "calm": (0.45, -0.4),
    "positive": (0.6, 0.45),
}
FACES = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command on lines and tracks; what it printed."""

    def call(lines: list[Line], tracks: list[Line], *options: str, seed: int = 1) -> list[Line]:
        events, library = tmp_path / "events.jsonl", tmp_path / "tracks.json"
        events.write_text("".join(json.dumps(line) + "\n" for line in lines))
        library.write_text(json.dumps(tracks))
        arguments = ["dry-run", str(events), "--library", str(library), "--seed", str(seed)]
        assert main([*arguments, *options]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return call


def grid(duration: float = 60.0, spacing: float = 0.25) -> list[Line]:
    """Return a library with a track wherever the spacing puts one."""
    noise = random.Random(5)
    count = round(1 / spacing)
    cells = [(v * spacing, a * spacing) for v in range(-count, count) for a in range(-count, count)]
    return [
        {
            "track_id": f"t{index}",
            "title": f"T{index}",
            "duration": duration,
            "valence": round(v + spacing / 2, 3),
            "arousal": round(a + spacing / 2, 3),
            "dominance": 0.0,
            "features": [noise.gauss(0, 1) for _ in range(6)],
        }
        for index, (v, a) in enumerate(cells)
    ]


def felt(
    start: float, stop: float, state: str, *, wrong: float = 0.0, seed: int = 1, **more: Any
) -> list[Line]:
    """Return emotion lines once a second, a share of them of another state."""
    noise = random.Random(seed)
    lines = []
    for second in range(int(start), int(stop)):
        shown = state
        if noise.random() < wrong:
            shown = noise.choice([other for other in TYPICAL if other != state])
        valence, arousal = TYPICAL[shown]
        line = {
            "topic": "emotion",
            "at": second,
            "state": shown,
            "valence": round(valence + noise.gauss(0, 0.05), 3),
            "arousal": round(arousal + noise.gauss(0, 0.05), 3),
            "confidence": 0.8,
            "person_id": "resident",
        }
        lines.append(line | more if shown == state else line)
    return lines


def face(at: float, label: str, share: float = 0.7, **more: Any) -> Line:
    """Return what a face encoder says of one frame."""
    rest = (1 - share) / (len(FACES) - 1)
    return {
        "topic": "encoding/face",
        "at": at,
        "labels": FACES,
        "probabilities": [share if name == label else rest for name in FACES],
        "valence": None,
        "arousal": None,
        "dominance": None,
        "confidence": 0.7,
        "quality": 1.0,
        "features": {},
        "person_id": "resident",
    } | more


def event(at: float, action: str, **more: Any) -> Line:
    """Return something that a person did."""
    return {"topic": "interaction/event", "at": at, "action": action} | more


def together(*parts: Sequence[Line], end: float) -> list[Line]:
    """Return all lines in order of time, and the end."""
    lines = sorted((line for part in parts for line in part), key=lambda line: line["at"])
    return [*lines, {"topic": "end", "at": end}]


def of(lines: list[Line], topic: str) -> list[Line]:
    """Return the lines of one topic."""
    return [line for line in lines if line["topic"] == topic]


def plays(lines: list[Line]) -> list[Line]:
    """Return what was recommended to be played."""
    return [line for line in of(lines, "recommendation") if line["action"] == "play"]


def stops(lines: list[Line], trigger: str) -> list[float]:
    """Return when the music was stopped for this reason."""
    recommended = of(lines, "recommendation")
    return [
        line["at"]
        for line in recommended
        if line["action"] == "stop" and line["trigger"] == trigger
    ]


def shares(lines: list[Line], since: float = 15.0) -> dict[str, float]:
    """Return the share of the time in each state."""
    states = [line["state"] for line in of(lines, "emotion") if line["at"] >= since]
    return {name: states.count(name) / len(states) for name in {*states, *TYPICAL, "unknown"}}


@pytest.mark.parametrize("wrong", [0.0, 0.1])
def test_need_bounds_the_choice_for_an_anxious_listener(run: Run, wrong: float) -> None:
    tracks = grid(20.0)
    taste = {line["track_id"] for line in tracks if line["valence"] < 0 < line["arousal"]}
    liked = [
        line
        for number, track in enumerate(sorted(taste)[:8])
        for line in (
            event(20 + 15 * number, "select", track_id=track),
            event(30 + 15 * number, "rate", track_id=track, value=1.0),
        )
    ]
    lines = together(felt(0, 1200, "anxiety", wrong=wrong), liked, end=1200)
    output = run(lines, tracks)
    chosen = [line for line in plays(output) if line["trigger"] != "select"][10:60]
    assert len(chosen) == 50
    fitting = [
        (line["valence"] >= 0) == (line["need"]["valence"] >= 0) and line["valence"] >= 0
        for line in chosen
    ]
    assert sum(fitting) >= 0.95 * len(fitting)
    assert not stops(output, "distress")


def test_nothing_is_known_or_learned_of_an_empty_room(run: Run) -> None:
    music = [face(at, "happiness", topic="encoding/music") for at in range(0, 900, 2)]
    lines = together([face(at, "happiness") for at in range(60)], music, end=900)
    output = run(lines, grid())
    assert shares(output, since=90)["unknown"] >= 0.98
    assert all(not line["present"] for line in of(output, "emotion") if line["at"] > 120)
    late = [line for line in of(output, "listening/outcome") if line["at"] > 120]
    assert late
    assert all(line["reward"] is None and not line["learned"] for line in late)
    assert len(stops(output, "absent")) == 1
    assert of(output, "player/state")[-1]["status"] == "stopped"


def test_the_end_of_a_track_is_no_reward_without_a_sign(run: Run) -> None:
    output = run(together(felt(0, 400, "calm"), end=400), grid())
    heard = of(output, "listening/outcome")[:-1]
    assert len(heard) >= 5
    assert all(line["reward"] is None and line["signals"] == {} for line in heard)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("before", "after"), [("positive", "depression"), ("calm", "positive"), ("anxiety", "calm")]
)
def test_a_change_of_state_is_acted_on(run: Run, before: str, after: str, seed: int) -> None:
    change = 310 + 60 * seed
    noisy = felt(0, change, before, wrong=0.1, seed=seed)
    noisy += felt(change, change + 90, after, wrong=0.1, seed=seed + 100)
    output = run(together(noisy, end=change + 90), grid(300.0), seed=seed)
    chosen = [line for line in of(output, "recommendation") if line["trigger"] == "state"]
    assert [line["state"] for line in chosen] == [after]
    assert 0 < chosen[0]["at"] - change <= 60


def test_the_first_track_waits_for_a_clear_state(run: Run) -> None:
    clear = run(together(felt(0, 1, "anxiety"), felt(1, 30, "positive"), end=30), grid())
    assert plays(clear)[0]["state"] == "positive"
    vague = run(together(felt(0, 30, "anxiety", confidence=0.08), end=30), grid())
    first = plays(vague)[0]
    assert first["state"] == "unknown"
    assert 9.0 <= first["at"] <= 10.25
    assert first["valence"] >= 0


@pytest.mark.parametrize("before_end", [2, 15, 30])
def test_distress_near_the_end_of_a_track_stops_the_music(run: Run, before_end: int) -> None:
    tracks = grid(120.0)
    usual = felt(0, 700, "calm", wrong=0.1)
    ends = [line["at"] for line in plays(run(together(usual, end=700), tracks))]
    begin = int(next(at for at in ends if at > 400)) - before_end
    upset = felt(begin, begin + 90, "anxiety", wrong=0.1, valence=-0.7, arousal=0.8)
    lines = together([line for line in usual if line["at"] < begin], upset, end=begin + 90)
    (stopped,) = stops(run(lines, tracks), "distress")
    assert 0 < stopped - begin <= 60


def test_sadness_changes_the_music_and_never_stops_it(run: Run) -> None:
    lines = together(felt(0, 330, "calm"), felt(330, 800, "depression", wrong=0.1), end=800)
    output = run(lines, grid(120.0))
    assert not stops(output, "distress")
    assert "depression" in {line["state"] for line in plays(output)}


@pytest.mark.parametrize("state", ["calm", "anxiety"])
def test_a_steady_person_is_not_taken_for_distressed(run: Run, state: str) -> None:
    output = run(together(felt(0, 2400, state, wrong=0.1, seed=4), end=2400), grid(300.0))
    assert not stops(output, "distress")
    assert sum(line["trigger"] == "state" for line in of(output, "recommendation")) <= 1


def test_the_next_track_after_distress_is_another_20_minutes_later(run: Run) -> None:
    upset = felt(400, 470, "anxiety", valence=-0.7, arousal=0.8)
    lines = together(felt(0, 400, "calm"), upset, felt(470, 2400, "calm"), end=2400)
    output = run(lines, grid(120.0))
    (stopped,) = stops(output, "distress")
    blocked = [line for line in plays(output) if line["at"] < stopped][-1]["track_id"]
    later = [line for line in plays(output) if line["at"] > stopped]
    assert later[0]["at"] >= stopped + 1200
    assert blocked not in {line["track_id"] for line in later}


def test_heard_tracks_follow_each_other_in_small_steps(run: Run) -> None:
    steps = []
    for seed, state in ((1, "depression"), (2, "anxiety"), (3, "positive")):
        lines = together(felt(0, 300, state), felt(300, 500, "calm"), end=500)
        heard = [(line["valence"], line["arousal"]) for line in plays(run(lines, grid(20.0, 0.2)))]
        assert len(heard) > 20, seed
        steps += [((a - c) ** 2 + (b - d) ** 2) ** 0.5 for (a, b), (c, d) in pairwise(heard)]
    assert median(steps) <= 0.35
    assert sum(step <= 0.6 for step in steps) >= 0.95 * len(steps)


def test_valence_and_arousal_agree_with_the_state(run: Run) -> None:
    noise = random.Random(2)
    shown = [face(at, noise.choice(FACES), noise.choice([0.4, 0.6, 0.9])) for at in range(400)]
    signs = {name: (v > 0, a > 0) for name, (v, a) in TYPICAL.items()}
    known = [
        line
        for line in of(run(together(shown, end=400), grid()), "emotion")
        if line["state"] != "unknown"
    ]
    assert len(known) > 50
    for line in known:
        assert (line["valence"] > 0, line["arousal"] > 0) == signs[line["state"]]


@pytest.mark.parametrize(("spacing", "gap"), [(0.25, 2), (0.5, 2), (0.5, 1)])
def test_quick_skips_bring_other_tracks(run: Run, spacing: float, gap: int) -> None:
    skips = [event(20 + gap * number, "next") for number in range(20)]
    slow = [{"topic": "player", "at": 0, "start_delay": 1.0}]
    output = run(together(slow, felt(0, 80, "calm"), skips, end=80), grid(spacing=spacing))
    asked = [line["track_id"] for line in plays(output)]
    assert len(asked) >= 20
    assert len(set(asked)) >= 15
    assert all(first != second for first, second in pairwise(asked))


def test_a_dead_player_is_asked_at_growing_intervals(run: Run) -> None:
    dead = [{"topic": "player", "at": 0, "fails": True}]
    output = run(together(dead, felt(0, 900, "calm"), end=900), grid())
    times = [line["at"] for line in plays(output)]
    waits = [after - before for before, after in pairwise(times)]
    assert len(waits) >= 3
    assert all(after > before for before, after in pairwise(waits))


@pytest.mark.parametrize("share", [0.6, 0.9])
def test_one_face_alone_is_read_as_what_it_is(run: Run, share: float) -> None:
    def seen(label: str) -> dict[str, float]:
        return shares(run(together([face(at, label, share) for at in range(90)], end=90), grid()))

    assert seen("sadness")["depression"] >= 0.6
    assert seen("fear")["anxiety"] >= 0.5
    assert seen("neutral")["anxiety"] <= 0.1
    assert seen("disgust")["anxiety"] >= 0.5
    assert seen("surprise")["unknown"] >= 0.5


def test_contradiction_is_not_known_and_agreement_is(run: Run) -> None:
    def seen(*labels: str) -> float:
        topics = ["encoding/face", "encoding/text", "encoding/speech"]
        shown = [
            face(at, label, 0.6, topic=topic)
            for at in range(90)
            for topic, label in zip(topics, labels, strict=True)
        ]
        return shares(run(together(shown, end=90), grid()))["unknown"]

    assert seen("happiness", "sadness", "fear") >= 0.25
    assert seen("sadness", "sadness", "sadness") <= 0.05


@pytest.mark.parametrize("nothing", [{"confidence": 0.0}, {"quality": 0.0}])
def test_answers_without_weight_do_not_keep_a_state_alive(run: Run, nothing: Line) -> None:
    shown = [face(at, "sadness") for at in range(60)]
    empty = [face(at, "anger") | nothing for at in range(60, 120)]
    silent = run(together(shown, end=120), grid(300.0))
    weightless = run(together(shown, empty, end=120), grid(300.0))

    def forgotten(lines: list[Line]) -> float:
        return min(
            line["at"]
            for line in of(lines, "emotion")
            if line["state"] == "unknown" and line["at"] > 50
        )

    assert forgotten(weightless) <= forgotten(silent) + 1.0


def test_a_late_rating_corrects_its_listen(run: Run) -> None:
    tracks = grid()
    first = plays(run(together(felt(0, 30, "calm"), end=30), tracks))[0]["track_id"]
    late = [event(200, "rate", track_id=first, value=1.0)]
    output = run(together(felt(0, 300, "calm"), late, end=300), tracks)
    times = [line["at"] for line in output]
    assert times == sorted(times)
    rated = [line for line in of(output, "listening/outcome") if line["rating"] is not None]
    (corrected,) = rated
    assert corrected["track_id"] == first
    assert corrected["reward"] == pytest.approx(1.0)
    assert corrected["listen"] == of(output, "listening/outcome")[0]["listen"]


def test_own_songs_come_first_while_the_person_is_tense(run: Run) -> None:
    tracks = [track | {"own": number % 4 == 0} for number, track in enumerate(grid())]
    own = {track["track_id"] for track in tracks if track["own"]}
    output = run(together(felt(0, 600, "anxiety"), end=600), tracks)
    assert {line["track_id"] for line in plays(output)} <= own


@pytest.mark.parametrize(
    "bad",
    [
        "{nope",
        '{"topic": "weather", "at": 5}',
        '{"topic": "end", "at": 1}',
        '{"topic": "emotion", "at": NaN, "state": "calm"}',
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str) -> None:
    events, library = tmp_path / "events.jsonl", tmp_path / "tracks.json"
    library.write_text(json.dumps(grid()))
    events.write_text("".join(json.dumps(line) + "\n" for line in felt(0, 3, "calm")) + bad + "\n")
    assert main(["dry-run", str(events), "--library", str(library)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert "line 4" in printed.err
