# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The lines of a dry run: one JSON object each, in order of `at`."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.emotion import STATES, UNKNOWN, circumplex, entropy
from emo_music_ros.errors import InputError
from emo_music_ros.fusion.timeline import CONTEXT, MODALITIES
from emo_music_ros.options import nearest
from emo_music_ros.simulation.loop import TEN_O_CLOCK, outside_estimate
from emo_music_ros.simulation.player import PlayerFaults
from emo_music_ros.streams import ACTS, Emotion, Encoding, Estimate, Interaction

TOPICS = (
    *(f"encoding/{modality}" for modality in (*MODALITIES, *CONTEXT)),
    *("emotion", "interaction/event", "clock", "player", "end"),
)
#: Confidence of a place on the circumplex that says none.
UNSAID = 0.5
ACTIONS = (*sorted(ACTS), "consent")
#: Longest file [s]; whoever writes dates for `at` is told so instead of waiting for ever.
LONGEST = 1e7


@dataclass(frozen=True)
class Event:
    """One line: its time [s], and an Encoding (whose time is NaN if it has no stamp of its own),
    an Emotion, an Interaction, a PlayerFaults, the second the clock is set to, or None for the
    end.
    """

    at: float
    content: Encoding | Emotion | Interaction | PlayerFaults | float | None


def read_events(path: str, person_id: str) -> list[Event]:
    """Read a file of events, ``-`` = standard input.

    Parameters
    ----------
    path : str
        The file.
    person_id : str
        Who is meant where a line names nobody.

    Raises
    ------
    InputError
        Naming the line, if one is no JSON object, has an unknown topic or a bad value, or time
        runs back.
    """
    try:
        if path == "-":
            text = sys.stdin.read()
        else:
            text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}", "Name a file with one JSON object a line"
        ) from error
    # A JSON text may hold other characters that end a line elsewhere.
    events = list(parse(text.split("\n"), person_id, path))
    if not events:
        raise InputError(f"{path} holds no events", "Write one JSON object a line")
    return events


def parse(lines: Iterable[str], person_id: str, name: str = "events") -> Iterator[Event]:
    """Yield the events of lines; empty lines are left out. See :func:`read_events`."""
    before = -math.inf
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = _event(_object(line), person_id)
            if event.at < before:
                raise _Bad(
                    f"at {event.at:g} comes after {before:g}: time runs back",
                    "Sort the lines by `at`",
                )
        except _Bad as bad:
            raise InputError(f"{name}, line {number}: {bad}", bad.remedy) from bad
        before = event.at
        yield event
        if event.content is None:
            return


class _Bad(Exception):
    """What is wrong with a line, and the remedy."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def _object(line: str) -> dict[str, Any]:
    def constant(word: str) -> float:
        raise _Bad(f"{word} is no number", "Write null for what is not known")

    try:
        value = json.loads(line, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise _Bad(f"this is no JSON ({error})", "Write one JSON object a line") from error
    if not isinstance(value, dict):
        raise _Bad("this is no JSON object", "Write one JSON object a line")
    return value


def _event(line: Mapping[str, Any], person_id: str) -> Event:
    topic = line.get("topic")
    if topic not in TOPICS:
        raise _Bad(f"topic {topic!r} is not known", nearest(str(topic), TOPICS))
    at = _number(line, "at", low=0.0, high=LONGEST)
    if math.isnan(at):
        raise _Bad("`at` is missing", "Say when it happens [s]")
    if topic == "end":
        return Event(at, None)
    if topic == "clock":
        seconds = _number(line, "set")
        if math.isnan(seconds):
            raise _Bad("`set` is missing", "Say what the wall clock shows then [s]")
        return Event(at, seconds)
    if topic == "player":
        return Event(at, _faults(line))
    person = _text(line, "person_id") or person_id
    if topic == "emotion":
        return Event(at, _emotion(line, at, person))
    if topic == "interaction/event":
        return Event(at, _interaction(line, at, person))
    return Event(at, _encoding(line, topic.removeprefix("encoding/"), person))


def _faults(line: Mapping[str, Any]) -> PlayerFaults:
    delay = _number(line, "start_delay", low=0.0)
    fails = line.get("fails", False)
    if isinstance(fails, list) and all(isinstance(name, str) for name in fails):
        fails = frozenset(fails)
    elif fails is None or isinstance(fails, bool):
        fails = bool(fails)
    else:
        raise _Bad(f"`fails` is {fails!r}", "Give true, false or a list of track ids")
    return PlayerFaults(0.0 if math.isnan(delay) else delay, fails)


def _emotion(line: Mapping[str, Any], at: float, person: str) -> Emotion:
    state = line.get("state") or UNKNOWN
    known = (UNKNOWN, *STATES)
    if state not in known:
        raise _Bad(f"state {state!r} is not known", nearest(str(state), known))
    confidence = _number(line, "confidence", 0.0, 1.0)
    if math.isnan(confidence) and "confidence" not in line:
        confidence = 1.0
    valence, arousal = _number(line, "valence", -1.0, 1.0), _number(line, "arousal", -1.0, 1.0)
    estimate = outside_estimate(valence, arousal, confidence)
    uncertainty = 1.0 if math.isnan(confidence) or state == UNKNOWN else 1.0 - confidence
    return Emotion(at, state, estimate, uncertainty, (), "outside", person)


def _interaction(line: Mapping[str, Any], at: float, person: str) -> Interaction:
    action = line.get("action")
    if action not in ACTIONS:
        raise _Bad(f"action {action!r} is not known", nearest(str(action), ACTIONS))
    value = _number(line, "value")
    if math.isnan(value):
        if action in ("rate", "seek", "volume", "consent"):
            raise _Bad(f"`value` of {action} is missing", "Give a number")
        value = 0.0
    if action == "rate" and not -1.0 <= value <= 1.0:
        raise _Bad(f"a rating of {value:g} is out of range", "Give -1 (dislike) to 1 (like)")
    track_id = _text(line, "track_id")
    if action == "select" and not track_id:
        raise _Bad("`track_id` of select is missing", "Name the track")
    return Interaction(at, action, track_id, value, 0.0, person, "simulated:events")


def _encoding(line: Mapping[str, Any], modality: str, person: str) -> Encoding:
    labels = line.get("labels") or ()
    masses = line.get("probabilities") or ()
    if not isinstance(labels, (list, tuple)) or not all(isinstance(name, str) for name in labels):
        raise _Bad("`labels` is no list of words", "Give the classes of the probabilities")
    if not isinstance(masses, (list, tuple)) or not all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in masses
    ):
        raise _Bad("`probabilities` is no list of numbers", "Give one for each label")
    if masses and len(masses) != len(labels):
        raise _Bad(
            f"{len(masses)} probabilities for {len(labels)} labels", "Give one for each label"
        )
    probabilities = np.array([as_float(value) for value in masses], np.float32)
    if not np.isfinite(probabilities).all() or (probabilities < 0).any():
        raise _Bad("`probabilities` has a number out of range", "Give numbers from 0 to 1")
    if len(probabilities) and probabilities.sum() <= 0:
        raise _Bad("`probabilities` are all 0", "Give null if nothing is known")
    if len(probabilities):
        probabilities = probabilities / probabilities.sum()
    confidence = _number(line, "confidence", 0.0, 1.0)
    quality = _number(line, "quality", 0.0, 1.0)
    if math.isnan(quality):  # nothing is known against it
        quality = 1.0
    valence, arousal, dominance = (
        _number(line, name, -1.0, 1.0) for name in ("valence", "arousal", "dominance")
    )
    if len(probabilities) and not any(name in line for name in ("valence", "arousal")):
        with contextlib.suppress(KeyError):  # words that are no emotions have no place
            valence, arousal, dominance = circumplex(labels, probabilities)
    if math.isnan(confidence) and len(probabilities):  # as the encoders measure it
        confidence = 1.0 - entropy(probabilities)
    elif math.isnan(confidence):
        confidence = 0.0 if math.isnan(valence) and math.isnan(arousal) else UNSAID
    features = line.get("features") or {}
    if isinstance(features, list):  # without names, as an embedding has none
        features = {str(place): value for place, value in enumerate(features)}
    if not isinstance(features, dict):
        raise _Bad("`features` is no object or list", "Give names and numbers")
    numbers = {name: _number(features, name) for name in features}
    stamp = _number(line, "stamp")
    return Encoding(
        modality,
        stamp + TEN_O_CLOCK,
        stamp + TEN_O_CLOCK,
        Estimate(tuple(labels), probabilities, valence, arousal, dominance, confidence, quality),
        np.zeros(0, np.float32),
        numbers,
        "simulated:events",
        person,
    )


def _number(
    line: Mapping[str, Any], name: str, low: float = -math.inf, high: float = math.inf
) -> float:
    """Return a number of a line, NaN if it is null or not there."""
    value = line.get(name)
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Bad(f"`{name}` is {value!r}, no number", "Give a number or null")
    number = as_float(value)
    if not math.isfinite(number) or not low <= number <= high:
        raise _Bad(f"`{name}` is {number:g}", f"Give a number from {low:g} to {high:g}")
    return number


def as_float(value: float) -> float:
    """Return a number of JSON, which knows no bounds, as a float; infinity if it is too large."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _text(line: Mapping[str, Any], name: str) -> str:
    value = line.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Bad(f"`{name}` is {value!r}, no text", "Give a text or null")
    return value
