# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import inspect
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message

from emo_music_ros import msg, streams
from emo_music_ros.emotion import STATES, from_labels
from emo_music_ros.errors import PluginError
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.fields import code, fill

KINDS = [kind for _, kind in inspect.getmembers(msg, inspect.isclass)]
#: Every field of every message that holds no message itself.
FIELDS = [
    (kind, name)
    for kind in KINDS
    for name, declared in kind.get_fields_and_field_types().items()
    if "/" not in declared or declared.endswith(("/Header", "/Time"))
]

plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=())),
    st.binary(max_size=4),
    st.complex_numbers(),
    st.just(Path("/music/a.ogg")),
    st.floats(width=32).map(np.float32),
    st.integers(-(2**63), 2**63 - 1).map(np.int64),
    st.booleans().map(np.bool_),
    st.text(max_size=3).map(np.str_),
    st.floats().map(np.asarray),
    st.integers(0, 300).map(np.asarray),
    st.builds(object),
)
anything = st.one_of(plain, st.lists(plain, max_size=3), st.dictionaries(st.text(), plain))


@given(field=st.sampled_from(FIELDS), value=anything)
def test_a_value_fits_its_field_or_is_refused_by_name(field, value):
    kind, name = field
    refused = ""
    try:
        message = fill(kind, **{name: value})
    except PluginError as error:
        refused = error.cause
    if refused:
        assert refused.startswith(f"{kind.__name__}.{name} cannot be ")
    else:
        # the checks of the generated code: what passes them does not abort
        kind(check_fields=True, **{name: getattr(message, name)})
        assert deserialize_message(serialize_message(message), kind) is not None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("valence", np.float32(0.5), 0.5),
        ("valence", np.float64(0.5), 0.5),
        ("valence", np.int64(1), 1.0),
        ("valence", np.asarray(0.5), 0.5),
        ("labels", [np.str_("happy"), Path("/sad"), None], ["happy", "/sad", ""]),
        ("credible", np.array(["happy"]), ["happy"]),
        ("probabilities", [np.float16(0.5), 1], [0.5, 1.0]),
        ("probabilities", np.array([0.5, 1], object), [0.5, 1.0]),
        ("probabilities", {"happy": 0.5}, [0.5]),
        ("labels", {"happy": 0.5}, ["happy"]),
    ],
)
def test_what_is_meant_arrives(name, value, expected):
    message = fill(msg.EmotionEstimate, **{name: value})
    found = getattr(deserialize_message(serialize_message(message), type(message)), name)
    assert (list(found) if isinstance(expected, list) else found) == expected


def test_none_is_no_value():
    assert math.isnan(fill(msg.EmotionEstimate, valence=None).valence)
    assert fill(msg.Utterance, text=None).text == ""


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (msg.EmotionEstimate, "valence", "0.5"),
        (msg.EmotionEstimate, "valence", 1e300),
        (msg.EmotionEstimate, "valence", np.zeros(1)),
        (msg.EmotionEstimate, "valence", 1j),
        (msg.EmotionEstimate, "labels", "happy"),
        (msg.EmotionEstimate, "labels", [b"happy"]),
        (msg.EmotionEstimate, "probabilities", np.zeros((2, 2))),
        (msg.EmotionEstimate, "probabilities", ["0.5"]),
        (msg.EmotionEstimate, "probabilities", [1e300]),
        (msg.Utterance, "text", "half a \ud83d"),
        (msg.Utterance, "text", "cut\0off"),
        (msg.Utterance, "text", 3),
        (msg.Utterance, "header", 2.0**31),
        (msg.Utterance, "header", "now"),
        (msg.ListeningOutcome, "repeats", -1),
        (msg.ListeningOutcome, "repeats", 2**64),
        (msg.ListeningOutcome, "repeats", 1.5),
        (msg.ListeningOutcome, "skipped", "no"),
        (msg.ListeningOutcome, "skipped", None),
        (msg.ListeningOutcome, "before", 3),
    ],
)
def test_what_does_not_fit_is_refused(kind, name, value):
    with pytest.raises(PluginError, match=rf"{kind.__name__}\.{name} cannot be "):
        fill(kind, **{name: value})


def test_a_name_without_a_number_is_refused():
    assert code({"play": 3}, np.str_("play"), "A.b") == 3
    assert code(("unknown", "calm"), "calm", "A.b") == 1
    for name in ("joy", None, ["calm"]):
        with pytest.raises(PluginError, match=r"A\.b cannot be .*unknown, calm"):
            code(("unknown", "calm"), name, "A.b")


def _estimate(**changes):
    return streams.Estimate(
        **{
            **vars(from_labels(STATES, np.array([0.7, 0.1, 0.1, 0.1]), 1.0, 0.4)),
            **changes,
        }
    )


def _encoding(**changes):
    values = {
        "modality": "face", "time": 6.0, "window_start": 5.5, "estimate": _estimate(),
        "embedding": np.zeros(4, np.float32), "features": {"heart_rate": 61.0}, "source": "live:x",
    }  # fmt: skip
    return convert.encoding_message(streams.Encoding(**{**values, **changes}), "face", "3", "ada")


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (lambda: _encoding(source=3), "ModalityEncoding.source"),
        (lambda: _encoding(features={3: 1.0}), "ModalityEncoding.feature_names"),
        (lambda: _encoding(features={"a": "fast"}), "ModalityEncoding.features"),
        (lambda: _encoding(features=None), "ModalityEncoding.feature_names"),
        (lambda: _encoding(time="now"), "ModalityEncoding.header"),
        (lambda: _encoding(estimate=_estimate(labels=(1, 2))), "EmotionEstimate.labels"),
        (lambda: _encoding(estimate=_estimate(credible=(None, 2))), "EmotionEstimate.credible"),
        (lambda: _encoding(estimate=None), "an estimate"),
        (
            lambda: convert.interaction_message(streams.Interaction(1.0, "dance")),
            "InteractionEvent.action",
        ),
        (
            lambda: convert.recommendation_message(1.0, "a", "r", "s", "joy", None, []),
            "Recommendation.state",
        ),
    ],
)
def test_what_a_plugin_got_wrong_is_named(made, field):
    with pytest.raises(PluginError, match=f"^{field} cannot be "):
        made()


SEND = """
import sys
from pathlib import Path
import numpy as np
from rclpy.serialization import serialize_message
from emo_music_ros import msg, streams
from emo_music_ros.ros import conversions as convert
estimate = streams.Estimate((np.str_("a"), Path("b")), np.array([0.5, 0.5]), np.float32(0.5), None,
                            np.asarray(0.5), np.int64(1), np.bool_(True), (Path("b"),))
encoding = streams.Encoding("face", np.float64(6), np.float32(5), estimate, [0.5], {Path("f"): 1},
                            Path("live"), None)
serialize_message(convert.encoding_message(encoding, np.str_("face"), Path("3"), "ada"))
print("sent", flush=True)
try:
    message = msg.Utterance()
    message.text = 3
    serialize_message(message)
except AssertionError as error:
    print("refused:", error)
"""


def test_nothing_aborts_the_process_and_what_is_not_converted_is_refused(alone):
    # in a process of its own: a failure is an abort
    done = alone(SEND, ROS_PYTHON_CHECK_FIELDS="1")
    assert done.returncode == 0, done.stderr
    sent, refused = done.stdout.splitlines()
    assert sent == "sent"
    assert refused == "refused: The 'text' field must be of type 'str'"
