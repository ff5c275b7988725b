# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Fuse answers of modalities that were given elsewhere, each line a moment of its own.

A line is a JSON object: modality -> ``{"labels", "probabilities", "quality", "age"}``. Quality
(0..1) is 1 and age [s] is 0 where they are missing or null, labels those of the shipped encoder;
``confidence``, ``valence``, ``arousal``, ``dominance`` and ``credible`` may be given too. A
modality that is null, or whose probabilities are, is missing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from emo_music_ros.emotion import (
    EKMAN,
    FER2013,
    RAVDESS,
    STATES,
    STRESS,
    UNKNOWN,
    circumplex,
    entropy,
    unknown,
)
from emo_music_ros.fusion.base import Evidence, Fusion
from emo_music_ros.fusion.decision import decide, uncertainty_of
from emo_music_ros.fusion.timeline import CONTEXT, TimelineOptions
from emo_music_ros.numerics import plain
from emo_music_ros.states import states_from, within
from emo_music_ros.streams import Encoding, Estimate

#: What the shipped encoders answer with, for answers that name no labels.
LABELS = {"face": FER2013, "speech": RAVDESS, "text": EKMAN, "physiology": STRESS}


class BadAnswer(ValueError):
    """Something given for a modality cannot be understood; says what."""


def _number(entry: Mapping[str, Any], name: str, default: float) -> float:
    value = entry.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadAnswer(f"{name} is {value!r}, not a finite number")
    return float(value)


def _labels(modality: str, entry: Mapping[str, Any], count: int) -> tuple[str, ...]:
    given = entry.get("labels")
    if given is None:
        given = LABELS.get(modality, STATES)
    if not isinstance(given, (list, tuple)) or not all(isinstance(one, str) for one in given):
        raise BadAnswer("labels are no list of words")
    if len(given) != count:
        raise BadAnswer(f"{len(given)} labels but {count} probabilities")
    return tuple(given)


def estimate_of(modality: str, entry: Mapping[str, Any]) -> Estimate | None:
    """Return what was given for a modality, None if it says nothing.

    Raises
    ------
    BadAnswer
        If a field is of the wrong kind or not a distribution.
    """
    masses = entry.get("probabilities")
    if masses is None:
        return None
    if not isinstance(masses, (list, tuple)):
        raise BadAnswer("probabilities are no list of numbers")
    if not masses or any(one is None for one in masses):
        return None
    if any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in masses):
        raise BadAnswer("probabilities are no list of numbers")
    table = np.array(masses, float)
    total = float(table.sum())
    if not math.isfinite(total) or (table < 0).any():
        raise BadAnswer("probabilities are negative or not finite")
    labels = _labels(modality, entry, len(table))
    if total <= 0:
        return None
    table = table / total
    try:
        axes = circumplex(labels, table)
    except KeyError:  # words without a place: evidence only by what is given beside them
        axes = (math.nan, math.nan, math.nan)
    sure = 1.0 - entropy(table)
    credible = entry.get("credible") or ()
    if not isinstance(credible, (list, tuple)):
        raise BadAnswer("credible is no list of words")
    return Estimate(
        labels,
        table.astype(np.float32),
        _number(entry, "valence", axes[0]),
        _number(entry, "arousal", axes[1]),
        _number(entry, "dominance", axes[2]),
        min(max(_number(entry, "confidence", sure), 0.0), 1.0),
        min(max(_number(entry, "quality", 1.0), 0.0), 1.0),
        tuple(str(one) for one in credible if str(one) in labels),
    )


def evidence_of(line: Mapping[str, Any]) -> tuple[list[Evidence], dict[str, str]]:
    """Return the evidence of one moment and, by modality, why something was left out."""
    found, ignored = [], {}
    for modality, entry in line.items():
        if entry is None or modality in CONTEXT:
            continue
        try:
            if not isinstance(entry, Mapping):
                raise BadAnswer("no object of labels and probabilities")
            said = estimate_of(modality, entry)
            age = max(_number(entry, "age", 0.0), 0.0)
        except BadAnswer as error:
            ignored[modality] = str(error)
            continue
        states = None if said is None else states_from(said)
        if said is None or states is None or not said.quality > 0:
            continue
        over_states = replace(said, labels=STATES, probabilities=states.astype(np.float32))
        encoding = Encoding(modality, -age, -age, over_states, np.empty(0, np.float32))
        found.append(Evidence(encoding, age, replace(said, credible=())))
    return found, ignored


def answer(
    fusion: Fusion, evidence: list[Evidence], options: TimelineOptions | None = None
) -> dict[str, Any]:
    """Return state, probabilities of the four states and what they rest on, as JSON has it.

    Parameters
    ----------
    fusion : Fusion
        The strategy.
    evidence : list of Evidence
        What the modalities say; may be empty.
    options : TimelineOptions, optional
        From when on a state is unknown.

    Returns
    -------
    dict
        state, labels (the four states), probabilities (sum 1), valence and arousal (-1..1, None =
        unknown), confidence and uncertainty (0..1), credible, weights (by modality, sum 1 or 0).
    """
    limits = options or TimelineOptions()
    estimate, weights = fusion.fuse(evidence) if evidence else (unknown(STATES), ())
    state = decide(
        fusion, estimate, evidence, weights, limits.max_uncertainty, limits.max_disagreement
    )
    return plain_state(
        state, estimate, dict(zip((item.encoding.modality for item in evidence), weights))
    )


def plain_state(state: str, estimate: Estimate, weights: Mapping[str, float]) -> dict[str, Any]:
    """Return a fused estimate as JSON has it; see :func:`answer`."""
    valence, arousal = estimate.valence, estimate.arousal
    if state != UNKNOWN:
        valence, arousal = within(state, valence, arousal)
    known = len(estimate.probabilities) == len(STATES)
    table = np.asarray(estimate.probabilities if known else np.full(len(STATES), 0.25), float)
    return {
        "state": state,
        "labels": list(STATES),
        "probabilities": [float(value) for value in table / table.sum()],
        "valence": plain(valence),
        "arousal": plain(arousal),
        "confidence": float(estimate.confidence),
        "uncertainty": uncertainty_of(estimate),
        "credible": list(estimate.credible) if estimate.credible or known else list(STATES),
        "weights": {name: float(weight) for name, weight in weights.items()},
    }


def predict_posteriors(
    lines: Iterable[str], fusion: Fusion, options: TimelineOptions | None = None
) -> Iterator[dict[str, Any]]:
    """Yield exactly one answer a line, in order; nothing goes over from one line to the next.

    A line that cannot be understood has an ``error`` beside an unknown state, and a modality that
    cannot be is named under ``ignored``.
    """
    for text in lines:
        try:
            line = json.loads(text)
            if not isinstance(line, dict):
                raise ValueError("no object of modalities")
        except (ValueError, RecursionError) as error:
            found = answer(fusion, [], options)
            yield {"input": text[:80], "error": f"no JSON object: {error}", **found}
            continue
        evidence, ignored = evidence_of(line)
        result = answer(fusion, evidence, options)
        yield {**result, "ignored": ignored} if ignored else result
