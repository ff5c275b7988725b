# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A recording to emotions, offline: the sensing, encoding and fusion of the graph without it."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from emo_music_ros import plugins
from emo_music_ros.encoding.shared.base import Encoder
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.fusion.base import Fusion
from emo_music_ros.fusion.people import People
from emo_music_ros.fusion.posteriors import plain_state
from emo_music_ros.fusion.timeline import FusionOptions
from emo_music_ros.sensing.recording import Lane, end_of
from emo_music_ros.sensing.replay import FolderReplay, FolderReplayOptions
from emo_music_ros.streams import (
    AudioBlock,
    BiosignalBlock,
    Emotion,
    Encoding,
    ImageFrame,
    Sample,
    Utterance,
)

log = logging.getLogger(__name__)

#: An answer every so many seconds.
EVERY = 1.0


def modality_of(sample: Sample) -> str:
    """Return whose encoder takes a sample, empty if none does."""
    if isinstance(sample, BiosignalBlock):
        return "eeg" if sample.kind == "eeg" else "physiology"
    kinds = {ImageFrame: "face", AudioBlock: "speech", Utterance: "text"}
    return kinds.get(type(sample), "")


def moments(
    folder: Path,
    fusion: Fusion,
    strategy: str,
    options: FusionOptions | None = None,
    encoder: Callable[[str], Encoder] | None = None,
    told: Callable[[Encoding], object] = lambda encoding: None,
    explains: bool = False,
) -> Iterator[Emotion]:
    """Yield the emotion at every step of the grid of a recording, as fast as it can be computed.

    Parameters
    ----------
    folder : pathlib.Path
        In the layout of :mod:`emo_music_ros.sensing.replay`.
    fusion, strategy : Fusion, str
        The strategy and its name.
    options : FusionOptions, optional
        Grid and limits.
    encoder : callable, optional
        Makes the encoder of a modality; default: the plugin of that name.
    told : callable
        Told of every encoding.
    explains : bool
        Whether every emotion says how far each modality moved it.

    Raises
    ------
    InputError
        If there is no such folder, or nothing in it can be played.
    """
    chosen = options or FusionOptions()
    make = encoder or (lambda name: plugins.create("encoder", name))
    replay = FolderReplay(FolderReplayOptions(path=str(folder), loop=False))
    lanes, problems = replay.lanes(lambda block: None)
    if not lanes:
        raise InputError(
            "; ".join([f"{folder} holds nothing that can be played", *problems]),
            "The README says what a recording may hold",
        )
    for problem in problems:
        log.warning("'%s': %s", folder, problem)
    people = People(fusion, strategy, chosen, chosen.person_id, explains)
    encoders: dict[str, Encoder] = {}
    step, end = 1, 0.0

    def due(until: float) -> Iterator[Emotion]:
        nonlocal step
        while step * chosen.step <= until:
            now = step * chosen.step
            found = {emotion.person_id: emotion for emotion in people.step(now)}
            yield found[chosen.person_id]
            step += 1

    for sample in heapq.merge(*(_guarded(lane, problems) for lane in lanes), key=end_of):
        yield from due(end_of(sample) - 1e-9)
        end = max(end, end_of(sample))
        name = modality_of(sample)
        if not name:
            continue
        if name not in encoders:
            encoders[name] = make(name)
        for encoding in encoders[name].push(sample):
            told(encoding)
            person = encoding.person_id or chosen.person_id
            people.add(replace(encoding, person_id=person), end_of(sample))
    if end <= 0.0:
        raise InputError(
            "; ".join([f"nothing in {folder} can be played", *problems]), "Give another recording"
        )
    # The last second is whole, so that what was said in it is answered.
    yield from due(-(-end // EVERY) * EVERY)


def _guarded(lane: Lane, problems: list[str]) -> Iterator[Sample]:
    """Yield the samples of a lane; where it breaks it ends, and the others go on."""
    try:
        yield from lane.samples()
    except CompanionError as error:
        problem = str(error)
    except Exception as error:  # decoders raise anything
        problem = f"{lane.name} broke: {error!r}"
    else:
        return
    log.warning("%s", problem)
    problems.append(problem)


def predict_recording(folder: Path, fusion: Fusion, strategy: str) -> Iterator[dict[str, Any]]:
    """Yield what is felt, once a second; `time` counts from the beginning of the recording.

    A folder that cannot be played gives one answer with `input` and `error`.
    """
    options = FusionOptions()
    every = round(EVERY / options.step)
    try:
        for number, emotion in enumerate(moments(folder, fusion, strategy, options), start=1):
            if number % every == 0:
                weights = {one.modality: one.weight for one in emotion.contributions}
                yield {
                    "input": str(folder),
                    "time": number * options.step,
                    **plain_state(emotion.state, emotion.estimate, weights),
                }
    except InputError as error:
        yield {"input": str(folder), "error": str(error)}
