# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music dry-run``: what the loop decides on a file of events, without ROS and at once."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from emo_music_ros import plugins
from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.session.views import Decision, PlayerView
from emo_music_ros.simulation.events import Event, read_events
from emo_music_ros.simulation.loop import Loop, Outputs
from emo_music_ros.simulation.player import PlayerFaults
from emo_music_ros.simulation.settings import Settings, parse
from emo_music_ros.simulation.tracks import read_tracks
from emo_music_ros.streams import Emotion, Encoding, Interaction, Outcome, Track


class Record(Outputs):
    """Collects what the loop gives out as JSON objects."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self._tracks: dict[str, Track] = {}

    def take(self) -> list[dict[str, Any]]:
        """Return what came since the last call."""
        lines, self.lines = self.lines, []
        return lines

    def on_emotion(self, at: float, emotion: Emotion) -> None:
        """Note an emotion."""
        self.lines.append(
            {
                "topic": "emotion",
                "at": at,
                "person_id": emotion.person_id,
                "state": emotion.state,
                "present": emotion.present,
                "valence": emotion.estimate.valence,
                "arousal": emotion.estimate.arousal,
                "dominance": emotion.estimate.dominance,
                "confidence": emotion.estimate.confidence,
                "uncertainty": emotion.uncertainty,
                "weights": {part.modality: part.weight for part in emotion.contributions},
            }
        )

    def on_decision(self, at: float, decision: Decision) -> None:
        """Note a recommendation."""
        best = decision.ranked[0] if decision.action == "play" else None
        need = decision.need
        self.lines.append(
            {
                "topic": "recommendation",
                "at": at,
                "person_id": decision.person_id,
                "action": decision.action,
                "trigger": decision.trigger,
                "state": decision.state,
                "track_id": best.track.track_id if best else None,
                "title": best.track.title if best else None,
                "valence": best.track.valence if best else None,
                "arousal": best.track.arousal if best else None,
                "need": {
                    "valence": need.valence,
                    "arousal": need.arousal,
                    "dominance": need.dominance,
                }
                if need is not None
                else None,
                "terms": {
                    "score": best.score,
                    "emotion_match": best.emotion_match,
                    "preference_match": best.preference_match,
                    "history_match": best.history_match,
                    "attention": best.attention,
                }
                if best
                else None,
                "propensity": best.propensity if best else None,
                "reason": decision.reason,
            }
        )

    def on_player(self, at: float, view: PlayerView) -> None:
        """Note a change of the player."""
        self.lines.append(
            {
                "topic": "player/state",
                "at": at,
                "status": view.status,
                "track_id": view.track_id or None,
                "position": view.position,
                "duration": view.duration,
            }
        )

    def on_outcome(self, outcome: Outcome) -> None:
        """Note an outcome; one with the number of an earlier one corrects it."""
        self.lines.append(
            {
                "topic": "listening/outcome",
                "at": outcome.time,
                "person_id": outcome.person_id,
                "track_id": outcome.track.track_id,
                "listen": outcome.listen_id,
                "state": outcome.state,
                "dwell": outcome.dwell,
                "skipped": outcome.skipped,
                "interrupted": outcome.interrupted,
                "repeats": outcome.repeats,
                "rating": outcome.rating,
                "attended": outcome.attended,
                "heart_rate_before": outcome.heart_rate_before,
                "heart_rate_after": outcome.heart_rate_after,
                "rationality": outcome.rationality,
                "variation": outcome.variation,
                "reward": outcome.reward,
                "signals": dict(outcome.signals),
                "learned": outcome.learned,
            }
        )


def dry_run(
    events: Sequence[Event],
    tracks: Sequence[Track],
    memory: Memory,
    *,
    person_id: str = "resident",
    seed: int = 1,
    settings: Settings | None = None,
) -> Iterator[dict[str, Any]]:
    """Run the loop over events and yield what it gives out, in order.

    Parameters
    ----------
    events : sequence of Event
        In order of time.
    tracks : sequence of Track
        The library.
    memory : Memory
        What is known of people; learns.
    person_id : str
        Who the music is for.
    seed : int
        Of the random choice, from 1.
    settings : Settings, optional
        Parameters of the nodes.
    """
    settings = settings or Settings()
    player = settings.options("player")
    record = Record()
    loop = Loop(
        settings.plugin("fusion"),
        settings.plugin_name("fusion"),
        settings.plugin("recommender", seed=seed),
        memory,
        tracks,
        person_id=person_id,
        fusion_options=settings.options("fusion"),
        director_options=settings.options("recommender"),
        stop_fade=player.stop_fade,
        outputs=record,
    )
    for event in events:
        loop.advance(event.at)
        yield from map(plain, record.take())
        content = event.content
        if content is None:
            break
        if isinstance(content, Encoding):
            time = loop.wall() if math.isnan(content.time) else content.time
            loop.add_encoding(replace(content, time=time, window_start=time))
        elif isinstance(content, Emotion):
            loop.add_emotion(content)
        elif isinstance(content, Interaction):
            loop.add_interaction(content)
        elif isinstance(content, PlayerFaults):
            loop.set_faults(content)
        else:
            loop.set_clock(content)
        yield from map(plain, record.take())
    loop.close()
    yield from map(plain, record.take())


def run(arguments: Any, output: TextIO, errors: TextIO) -> int:
    """Carry out the command; one JSON object a line goes to `output`."""
    settings = parse(arguments.set)
    for name in settings.ignored:
        errors.write(f"note: {name} has no part in a dry run\n")
    person = arguments.person
    events = read_events(arguments.events, person)
    tracks = library(arguments.library)
    if arguments.seed < 1:
        raise InputError(f"seed {arguments.seed} is not above 0", "Give 1 or more")
    options = settings.options("recommender")
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.memory or options.memory or Path(folder) / "memory.sqlite"
        memory = Memory(path, options.half_life)
        try:
            lines = dry_run(
                events, tracks, memory, person_id=person, seed=arguments.seed, settings=settings
            )
            for line in lines:
                output.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        finally:
            memory.close()
    return 0


def plain(value: Any) -> Any:
    """Return a value as JSON has it: NaN is null, numbers have four places."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value


def library(path: str) -> list[Track]:
    """Return the tracks of a JSON file, a folder, or the built-in library.

    Raises
    ------
    InputError
        If it is empty or cannot be read.
    """
    if path and Path(path).is_file():
        return read_tracks(Path(path))
    if path and not Path(path).is_dir():
        raise InputError(f"library {path} does not exist", "Name a JSON file or a folder")
    catalogue = plugins.create("catalogue", "folder", {"path": path})
    catalogue.scan()
    tracks: list[Track] = catalogue.tracks()
    if not tracks:
        raise InputError(f"library {path or '(built-in)'} is empty", "Put music into it")
    return tracks
