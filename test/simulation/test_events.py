# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emo_music_ros.emotion import EKMAN, circumplex
from emo_music_ros.errors import InputError
from emo_music_ros.simulation.events import Event, parse, read_events
from emo_music_ros.simulation.loop import TEN_O_CLOCK
from emo_music_ros.simulation.player import PlayerFaults
from emo_music_ros.streams import Emotion, Encoding, Interaction


def one(**line):
    (event,) = parse([json.dumps({"at": 1.0, **line})], "resident")
    return event


FACE = {
    "topic": "encoding/face",
    "labels": list(EKMAN),
    "probabilities": [0.7, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05],
}


def test_an_encoding_with_everything():
    event = one(
        **{**FACE, "valence": -0.5, "arousal": None, "dominance": 0.1, "confidence": 0.4},
        quality=0.9,
        features={"heart_rate": 70, "rmssd": None},
        person_id="bert",
        stamp=0.5,
    )
    content = event.content
    assert event.at == 1.0
    assert isinstance(content, Encoding)
    assert (content.modality, content.person_id) == ("face", "bert")
    assert content.time == TEN_O_CLOCK + 0.5
    assert content.estimate.labels == EKMAN
    assert content.estimate.probabilities.sum() == pytest.approx(1)
    assert (content.estimate.valence, content.estimate.dominance) == (-0.5, 0.1)
    assert math.isnan(content.estimate.arousal)
    assert (content.estimate.confidence, content.estimate.quality) == (0.4, 0.9)
    assert content.features["heart_rate"] == 70.0
    assert math.isnan(content.features["rmssd"])


def test_what_is_left_out_follows_from_the_probabilities():
    estimate = one(**FACE).content.estimate
    assert (estimate.valence, estimate.arousal, estimate.dominance) == pytest.approx(
        circumplex(EKMAN, estimate.probabilities), abs=1e-6
    )
    assert 0 < estimate.confidence < 1
    assert estimate.quality == 1.0
    assert one(**FACE).content.person_id == "resident"
    assert math.isnan(one(**FACE).content.time)  # now, as the wall clock shows it


def test_null_is_unknown():
    fields = ("labels", "probabilities", "valence", "arousal", "dominance", "confidence")
    event = one(topic="encoding/text", **dict.fromkeys([*fields, "quality", "features", "stamp"]))
    estimate = event.content.estimate
    assert len(estimate.probabilities) == 0
    assert math.isnan(estimate.valence)
    assert (estimate.confidence, estimate.quality) == (0.0, 1.0)
    assert event.content.features == {}
    assert event.content.person_id == "resident"


def test_the_other_topics():
    emotion = one(topic="emotion", state="anxiety", valence=-0.5, arousal=0.6, person_id="bert")
    assert isinstance(emotion.content, Emotion)
    assert (emotion.content.state, emotion.content.person_id) == ("anxiety", "bert")
    assert emotion.content.estimate.confidence == 1.0
    assert one(topic="emotion", state=None).content.state == "unknown"
    act = one(topic="interaction/event", action="rate", value=-1, track_id="t1").content
    assert isinstance(act, Interaction)
    assert (act.action, act.value, act.track_id) == ("rate", -1.0, "t1")
    assert one(topic="clock", set=7200).content == 7200.0
    assert one(topic="player", start_delay=1).content == PlayerFaults(1.0, False)
    assert one(topic="player", fails=True).content == PlayerFaults(0.0, True)
    assert one(topic="player", fails=["a"]).content == PlayerFaults(0.0, frozenset({"a"}))
    assert one(topic="player", fails=None, start_delay=None).content == PlayerFaults()
    assert one(topic="end") == Event(1.0, None)


def test_nothing_is_read_after_the_end_and_empty_lines_count():
    lines = ['{"topic": "clock", "at": 0, "set": 1}', "", '{"topic": "end", "at": 1}', "nonsense"]
    assert len(list(parse(lines, "resident"))) == 2
    with pytest.raises(InputError, match="line 3"):
        list(parse([*lines[:2], "nonsense"], "resident"))


HUGE = "1" + "0" * 400
BAD = {
    "no JSON": "{",
    "two objects": "{} {}",
    "no object": "[1]",
    "a number": "3",
    "NaN": '{"topic": "encoding/face", "at": 2, "valence": NaN}',
    "infinity": '{"topic": "encoding/face", "at": 2, "valence": -Infinity}',
    "infinity in disguise": '{"topic": "encoding/face", "at": 2, "valence": 1e999}',
    "deep": "[" * 100_000,
    "no topic": '{"at": 2}',
    "unknown topic": '{"topic": "encoding/nose", "at": 2}',
    "topic of another type": '{"topic": ["end"], "at": 2}',
    "no time": '{"topic": "end"}',
    "null time": '{"topic": "end", "at": null}',
    "time as text": '{"topic": "end", "at": "2"}',
    "negative time": '{"topic": "end", "at": -1}',
    "time runs back": '{"topic": "end", "at": 0.5}',
    "a date": '{"topic": "end", "at": 1767261600}',
    "huge time": f'{{"topic": "end", "at": {HUGE}}}',
    "more digits than Python reads": f'{{"topic": "end", "at": {"1" * 5000}}}',
    "huge probability": (
        f'{{"topic":"encoding/face","at":2,"labels":["a"],"probabilities":[{HUGE}]}}'
    ),
    "negative probability": (
        '{"topic":"encoding/face","at":2,"labels":["a","b"],"probabilities":[-1,1]}'
    ),
    "all zero": '{"topic":"encoding/face","at":2,"labels":["a","b"],"probabilities":[0,0]}',
    "too few": '{"topic":"encoding/face","at":2,"labels":["a","b"],"probabilities":[1]}',
    "no labels": '{"topic":"encoding/face","at":2,"probabilities":[1]}',
    "labels of numbers": '{"topic":"encoding/face","at":2,"labels":[1],"probabilities":[1]}',
    "probabilities of text": (
        '{"topic":"encoding/face","at":2,"labels":["a"],"probabilities":["1"]}'
    ),
    "probability true": '{"topic":"encoding/face","at":2,"labels":["a"],"probabilities":[true]}',
    "valence out of range": '{"topic": "encoding/face", "at": 2, "valence": 1.5}',
    "quality out of range": '{"topic": "encoding/face", "at": 2, "quality": 2}',
    "features as number": '{"topic": "encoding/face", "at": 2, "features": 1}',
    "feature as text": '{"topic": "encoding/face", "at": 2, "features": {"a": "b"}}',
    "person as number": '{"topic": "encoding/face", "at": 2, "person_id": 3}',
    "stamp as text": '{"topic": "encoding/face", "at": 2, "stamp": "now"}',
    "unknown state": '{"topic": "emotion", "at": 2, "state": "grumpy"}',
    "unknown action": '{"topic": "interaction/event", "at": 2, "action": "dance"}',
    "no action": '{"topic": "interaction/event", "at": 2}',
    "report of the player": '{"topic":"interaction/event","at":2,"action":"track_started"}',
    "rating out of range": '{"topic":"interaction/event","at":2,"action":"rate","value":3}',
    "rating without value": '{"topic": "interaction/event", "at": 2, "action": "rate"}',
    "consent without value": '{"topic": "interaction/event", "at": 2, "action": "consent"}',
    "select without track": '{"topic": "interaction/event", "at": 2, "action": "select"}',
    "clock without time": '{"topic": "clock", "at": 2}',
    "negative delay": '{"topic": "player", "at": 2, "start_delay": -1}',
    "fails of numbers": '{"topic": "player", "at": 2, "fails": [1]}',
    "fails as text": '{"topic": "player", "at": 2, "fails": "yes"}',
}


@pytest.mark.parametrize("line", BAD.values(), ids=BAD.keys())
def test_a_bad_line_is_one_clear_error_with_its_number(line, tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"topic": "clock", "at": 1, "set": 1}\n\n' + line + "\n")
    with pytest.raises(InputError, match="line 3") as caught:
        read_events(str(path), "resident")
    assert len(str(caught.value)) < 2000
    assert caught.value.remedy


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match="nothing.jsonl"):
        read_events(str(tmp_path / "nothing.jsonl"), "resident")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputError, match="binary"):
        read_events(str(tmp_path / "binary"), "resident")
    with pytest.raises(InputError):
        read_events(str(tmp_path), "resident")


def test_only_line_feeds_end_a_line(tmp_path):
    path = tmp_path / "events.jsonl"
    line = '{"topic": "emotion", "at": 1, "state": "calm", "person_id": "a\u2028b\u0085c"}'
    path.write_bytes(("\ufeff" + line + "\r\n" + line + "\r\n").encode())
    events = read_events(str(path), "resident")
    assert [event.content.person_id for event in events] == ["a\u2028b\u0085c"] * 2


SIMPLE = st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["", "a", "1"])
VALUE = SIMPLE | st.lists(SIMPLE, max_size=3) | st.dictionaries(st.just("a"), SIMPLE, max_size=1)
NAMES = (
    *("at", "labels", "probabilities", "valence", "confidence", "quality", "features", "stamp"),
    *("state", "action", "value", "track_id", "person_id", "set", "start_delay", "fails"),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(["encoding/face", "emotion", "interaction/event", "clock", "player", "end"]),
    st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=6),
    st.booleans(),
)
def test_any_line_is_an_event_or_an_error_with_its_number(topic, values, timed):
    line = json.dumps({"topic": topic, **values, **({"at": 1.0} if timed else {})})
    try:
        (event,) = parse([line], "resident")
    except InputError as error:
        found = str(error)
    else:
        found = "line 1"
        assert math.isfinite(event.at)
        if isinstance(event.content, Encoding) and len(event.content.estimate.probabilities):
            assert np.isfinite(event.content.estimate.probabilities).all()
    assert "line 1" in found
