# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The strategies of papers A and C: what they answer, and what changes nothing."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros import plugins
from emo_music_ros.emotion import EKMAN, FER2013, RAVDESS, STATES, STRESS, from_labels, knows
from emo_music_ros.errors import ModelError, OptionError
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.grid import FEATURES, STEPS, tensor
from emo_music_ros.fusion.posteriors import evidence_of
from emo_music_ros.fusion.temporal import NAMES, AttentionFusion, CompressedFusion, TemporalModel
from emo_music_ros.fusion.timeline import Timeline
from emo_music_ros.resources import share
from emo_music_ros.streams import Encoding

KINDS = {"attention": AttentionFusion, "compressed": CompressedFusion}
FUSIONS = {name: kind() for name, kind in KINDS.items()}
LABELS = {"face": FER2013, "speech": RAVDESS, "text": EKMAN}
EVERY = pytest.mark.parametrize("name", KINDS)


def masses(name, word, share):
    labels = LABELS.get(name, RAVDESS)
    rest = (1 - share) / (len(labels) - 1)
    return labels, [share if one == word else rest for one in labels]


def entry(name, word, share=0.8, **more):
    labels, probabilities = masses(name, word, share)
    return {"labels": list(labels), "probabilities": probabilities, **more}


def evidence(**entries) -> list[Evidence]:
    found, ignored = evidence_of(entries)
    assert not ignored
    return found


def chance(fusion, items, word):
    return float(fusion.fuse(items)[0].probabilities[STATES.index(word)])


@EVERY
def test_it_is_a_plugin_with_options(name):
    made = plugins.create("fusion", name, {"other": 0.3, "reliabilities": "gait=0.7"})
    assert isinstance(made, KINDS[name])
    assert made.options.other == 0.3
    with pytest.raises(OptionError):
        plugins.create("fusion", name, {"other": 3.0})


@EVERY
@pytest.mark.parametrize(
    ("word", "state"),
    [("happiness", "positive"), ("neutral", "calm"), ("fear", "anxiety"), ("anger", "anxiety"),
     ("sadness", "depression")],
)  # fmt: skip
def test_agreement_is_its_state(name, word, state):
    estimate, weights = FUSIONS[name].fuse(evidence(**{one: entry(one, word) for one in LABELS}))
    assert estimate.probabilities.argmax() == STATES.index(state)
    assert knows(estimate)
    assert sum(weights) == pytest.approx(1)
    assert min(weights) > 0


@EVERY
def test_order_means_nothing(name):
    items = evidence(
        face=entry("face", "fear"),
        speech=entry("speech", "sadness", 0.4),
        text=entry("text", "fear"),
        gait=entry("gait", "fear", 0.5),
    )
    first, weights = FUSIONS[name].fuse(items)
    second, back = FUSIONS[name].fuse(items[::-1])
    assert first.probabilities == pytest.approx(second.probabilities, abs=1e-5)
    assert weights == pytest.approx(back[::-1], abs=1e-5)


@EVERY
def test_one_modality_alone_is_enough_and_has_all_the_weight(name):
    alone = evidence(face=entry("face", "sadness"))
    assert chance(FUSIONS[name], alone, "depression") > 0.4
    assert FUSIONS[name].fuse(alone)[1] == pytest.approx((1.0,))


@EVERY
def test_a_modality_of_a_third_party_enters_by_its_reliability(name):
    base = {"face": entry("face", "sadness", 0.3)}
    alone = chance(FUSIONS[name], evidence(**base), "positive")
    items = evidence(**base, gait=entry("gait", "happiness", 0.95))
    chances = [
        chance(KINDS[name](KINDS[name].Options(reliabilities=f"gait={one}")), items, "positive")
        for one in (0.0, 0.3, 0.9)
    ]
    assert chances[0] == pytest.approx(alone, abs=0.03)
    assert chances[0] < chances[1] < chances[2]
    assert FUSIONS[name].fuse(items)[1][1] > 0


@EVERY
def test_without_what_it_was_trained_on_the_others_decide(name):
    stressed = from_labels(STRESS, np.array([0.05, 0.95]))
    body = Evidence(Encoding("physiology", 0.0, 0.0, stressed, np.zeros(0)), 0.0)
    estimate, weights = FUSIONS[name].fuse([body])
    assert estimate.probabilities.argmax() == STATES.index("anxiety")
    assert weights == (1.0,)


@EVERY
@pytest.mark.parametrize("bad", ["gait", "gait=x", "=0.5", "gait=2", "gait=nan"])
def test_a_bad_reliability_is_refused(name, bad):
    with pytest.raises(OptionError, match="reliability"):
        KINDS[name](KINDS[name].Options(reliabilities=bad))


@EVERY
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_moment_has_a_distribution_and_weights(name, data):
    drawn = {}
    for one in data.draw(st.sets(st.sampled_from([*LABELS, "gait", "eeg"]), min_size=1)):
        count = len(LABELS.get(one, RAVDESS))
        drawn[one] = {
            "labels": list(LABELS.get(one, RAVDESS)),
            "probabilities": data.draw(st.lists(st.floats(0, 1), min_size=count, max_size=count)),
            "quality": data.draw(st.floats(0, 1)),
            "age": data.draw(st.floats(0, 1000)),
        }
    items = evidence(**drawn)
    if not items:
        return
    estimate, weights = FUSIONS[name].fuse(items)
    assert len(weights) == len(items)
    assert all(0 <= one <= 1 for one in weights)
    if len(estimate.probabilities):
        assert estimate.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert sum(weights) == pytest.approx(1)
        assert 1 <= len(estimate.credible) <= 4


@EVERY
def test_it_follows_an_emotion_that_changes_through_the_timeline(name):
    timeline = Timeline(FUSIONS[name], name)
    heard = []
    for at in range(40):
        word = "happiness" if at < 20 else "sadness"
        for one in LABELS if at % 4 == 0 else ("face",):
            labels, probabilities = masses(one, word, 0.8)
            said = from_labels(labels, np.array(probabilities))
            timeline.add(Encoding(one, float(at), float(at), said, np.zeros(0)))
        heard.append(timeline.step(at + 0.1).state)
    assert heard[18] == "positive"
    assert heard[39] == "depression"


@EVERY
def test_a_past_that_said_something_else_changes_the_answer(name):
    items = evidence(**{one: entry(one, "sadness", 0.6) for one in LABELS})
    alone = chance(FUSIONS[name], items, "depression")
    past = np.zeros((STEPS, FEATURES), np.float32)
    past[:, :4], past[:, 12], past[:, -1] = (0.9, 0.04, 0.03, 0.03), 1.0, 1.0
    told = [Evidence(one.encoding, one.age, one.classes, past) for one in items]
    assert chance(FUSIONS[name], told, "depression") < alone


@EVERY
def test_a_description_that_lacks_something_says_what_to_do(name, tmp_path):
    for ending in ("onnx", "json"):
        shutil.copy(share("models") / f"{NAMES[name]}.{ending}", tmp_path)
    path = tmp_path / f"{NAMES[name]}.json"
    about = json.loads(path.read_text("utf-8"))
    del about["unsure"]
    path.write_text(json.dumps(about), "utf-8")
    with pytest.raises(ModelError, match="unsure") as error:
        TemporalModel(NAMES[name], tmp_path)
    assert "train fusion" in str(error.value)


@EVERY
def test_the_shipped_network_is_small_and_of_the_grid(name):
    path = share("models") / f"{NAMES[name]}.onnx"
    assert path.stat().st_size <= 500_000
    model = TemporalModel(NAMES[name])
    assert model.labels == STATES
    assert model.modalities == tuple(LABELS)
    outputs = model(np.zeros((3, STEPS, len(LABELS), FEATURES), np.float32))
    assert outputs[0].shape == (3, 4)
    assert np.exp(outputs[0]).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_the_weights_of_attention_are_those_of_the_network():
    items = evidence(face=entry("face", "fear"), text=entry("text", "fear", 0.3))
    weights = FUSIONS["attention"].fuse(items)[1]
    attention = FUSIONS["attention"].model(tensor(items, tuple(LABELS))[None])[1][0]
    assert weights == pytest.approx(attention.sum(axis=0)[[0, 2]], abs=1e-4)
    assert attention.sum() == pytest.approx(1, abs=1e-4)
    assert attention[:, 1].sum() == pytest.approx(0, abs=1e-6)
