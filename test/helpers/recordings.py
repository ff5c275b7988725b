# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Recordings of sessions as ``emo-music record`` makes them, written by rosbags without ROS."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from emo_music_ros.emotion import STATES
from emo_music_ros.io.mcap_writer import McapWriter
from emo_music_ros.resources import share

_TRACK = "emo_music_ros/msg/Track"
#: Monday 2026-11-02, 14:00 UTC.
BEGAN = 1_793_628_000.0
_RULE = "=" * 80
#: Valence and arousal of the states, unknown first.
_PLACES = ((math.nan, math.nan), (0.5, 0.5), (0.5, -0.5), (-0.5, 0.5), (-0.5, -0.5))


@lru_cache(maxsize=1)
def _store() -> tuple[Any, dict[str, str]]:
    store = get_typestore(Stores.ROS2_JAZZY)
    texts = {file.stem: file.read_text("utf-8") for file in share("msg").glob("*.msg")}
    types: dict[str, Any] = {}
    for name, text in texts.items():
        types.update(get_types_from_msg(text, f"emo_music_ros/msg/{name}"))
    store.register(types)
    return store, texts


@lru_cache(maxsize=64)
def _definition(name: str) -> str:
    """Return the text of a message of ours with everything it may be made of."""
    texts = _store()[1]
    others = [f"MSG: emo_music_ros/{each}\n{text}" for each, text in texts.items() if each != name]
    others += [
        "MSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id\n",
        "MSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec\n",
    ]
    return f"\n{_RULE}\n".join([texts[name], *others])


def stamp(unix: float) -> Any:
    """Return a ROS time."""
    nanoseconds = round(unix * 1e9)
    kind = _store()[0].types["builtin_interfaces/msg/Time"]
    return kind(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def build(kind: str, /, **given: Any) -> Any:
    """Return a message whose other fields are zero or empty."""
    store = _store()[0]
    fields = {}
    for name, (node, arguments) in store.fielddefs[kind][1]:
        if name in given:
            fields[name] = given.pop(name)
        elif node == Nodetype.NAME:
            fields[name] = stamp(0.0) if arguments.endswith("/Time") else build(arguments)
        elif node == Nodetype.BASE:
            fields[name] = "" if arguments[0] == "string" else np.dtype(arguments[0]).type(0).item()
        else:
            inner = arguments[0]
            base = inner[0] == Nodetype.BASE and inner[1][0] != "string"
            fields[name] = np.empty(0, inner[1][0]) if base else []
    assert not given, f"{kind} has no {', '.join(given)}"
    return store.types[kind](**fields)


class Recording:
    """Writes one file; times count from its beginning [s]."""

    def __init__(
        self, path: Path, person: str = "anna", began: float = BEGAN, namespace: str = "/r1/"
    ) -> None:
        self.path, self.person, self.began = path, person, began
        self._namespace = namespace
        self._writer = McapWriter(path)
        self._started = 0.0
        self._track: tuple[str, str, float] | None = None

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write(self, time: float, topic: str, name: str, /, **fields: Any) -> None:
        """Write any message of ours."""
        kind = f"emo_music_ros/msg/{name}"
        message = build(kind, **fields)
        data = bytes(_store()[0].serialize_cdr(message, kind))
        when = round((self.began + time) * 1e9)
        self._writer.write(self._namespace + topic, kind, _definition(name), data, when)

    def header(self, time: float) -> Any:
        """Return a header stamped at a time."""
        return build("std_msgs/msg/Header", stamp=stamp(self.began + time))

    def estimate(self, valence: float, arousal: float = 0.0, best: int = -1) -> Any:
        """Return an estimate; `best` is the index of the likeliest state, -1 = unknown."""
        probabilities = np.full(4, 0.1, np.float32)
        probabilities[best] = 0.7
        return build(
            "emo_music_ros/msg/EmotionEstimate",
            labels=list(STATES) if best >= 0 else [],
            probabilities=probabilities if best >= 0 else np.empty(0, np.float32),
            valence=valence, arousal=arousal, dominance=math.nan, confidence=0.6, quality=0.9,
        )  # fmt: skip

    def emotion(
        self,
        time: float,
        state: int,
        valence: float | None = None,
        *,
        person: str | None = None,
        source: str = "live:camera 0",
    ) -> None:
        """Write how somebody seems; `state` is a constant of EmotionState."""
        known = state < len(_PLACES)
        place = _PLACES[state if known else 0]
        part = build(
            "emo_music_ros/msg/Contribution", modality="face", source=source, weight=1.0,
            effect=math.nan,
        )  # fmt: skip
        self.write(
            time, "emotion", "EmotionState", header=self.header(time - 0.05),
            person_id=self.person if person is None else person, state=state, present=True,
            estimate=self.estimate(place[0] if valence is None else valence, place[1],
                                   state - 1 if known else -1),
            contributions=[part], uncertainty=0.5, strategy="learned",
        )  # fmt: skip

    def told(self, time: float, person: str | None = None) -> None:
        """Write whom the run is for."""
        self.write(time, "person", "Person", person_id=person or self.person)

    def plan(self, time: float, remaining: float, goal: str = "calm") -> None:
        """Write that a session was asked for, or with 0 that it is over."""
        self.write(
            time, "session/plan", "SessionPlan", header=self.header(time), person_id=self.person,
            scenario="home" if remaining else "", goal=goal if remaining else "",
            remaining=remaining,
        )  # fmt: skip

    def track(self, title: str, duration: float = 180.0, artist: str = "") -> Any:
        """Return a track, its title for its id."""
        return build(
            _TRACK, track_id=f"id of {title}", title=title, artist=artist,
            duration=duration,
        )  # fmt: skip

    def player(
        self,
        time: float,
        title: str = "",
        *,
        status: int = 1,
        started: float = 0.0,
        chosen: bool = True,
        duration: float = 180.0,
        artist: str = "",
        backend: str = "pyaudio",
    ) -> None:
        """Write what the player does; no title = nothing."""
        self.write(
            time, "player/state", "PlayerState", header=self.header(time),
            status=status if title else 0, backend=backend,
            track=self.track(title, duration, artist) if title else build(_TRACK),
            recommendation_id="r" if chosen and title else "",
            started=stamp(self.began + started),
        )  # fmt: skip

    def play(self, begin: float, end: float, title: str, **options: Any) -> None:
        """Write the reports of a track that sounds from `begin` to `end`, once a second."""
        time = begin
        while time < end:
            self.player(time, title, started=begin, **options)
            time += 1.0

    def recommend(
        self, time: float, title: str = "", *, took: float = 0.12, reason: str = "x"
    ) -> None:
        """Write a recommendation; no title = silence."""
        ranked = [build("emo_music_ros/msg/RankedTrack", track=self.track(title))] if title else []
        self.write(
            time, "recommendation", "Recommendation", header=self.header(time - took),
            person_id=self.person, state=3, tracks=ranked, reason=reason,
        )  # fmt: skip

    def act(self, time: float, action: int, title: str = "", *, value: float = 0.0,
            by: str | None = None, source: str = "live:dashboard") -> None:  # fmt: skip
        """Write what somebody did; `action` is a constant of InteractionEvent."""
        self.write(
            time, "interaction/event", "InteractionEvent", header=self.header(time), source=source,
            person_id=self.person if by is None else by, action=action,
            track_id=f"id of {title}" if title else "", value=value,
        )  # fmt: skip

    def outcome(
        self,
        time: float,
        title: str,
        valence: tuple[float, float] = (math.nan, math.nan),
        heart: tuple[float, float] = (math.nan, math.nan),
        epsilon: float = math.nan,
        mu: float = math.nan,
    ) -> None:
        """Write what came of a listen."""
        self.write(
            time, "listening/outcome", "ListeningOutcome", header=self.header(time),
            person_id=self.person, track=self.track(title), rating=math.nan, reward=math.nan,
            before=self.estimate(valence[0]), after=self.estimate(valence[1]),
            heart_rate_before=heart[0], heart_rate_after=heart[1], rationality=epsilon,
            variation=mu,
        )  # fmt: skip

    def pulse(self, time: float, rate: float, source: str = "live:band") -> None:
        """Write a heart rate."""
        self.write(
            time, "encoding/physiology", "ModalityEncoding", header=self.header(time),
            source=source, person_id=self.person, modality="physiology",
            feature_names=["heart_rate"], features=np.array([rate], np.float32),
            estimate=self.estimate(math.nan),
        )  # fmt: skip


def session(path: Path, began: float = BEGAN, *, person: str = "anna", seed: int = 0) -> Path:
    """Write a session of ten minutes: three tracks, one skipped at once, a stop, a happy end."""
    rng = np.random.default_rng(seed)
    length = 600.0
    events: list[tuple[float, Any]] = []
    titles = [("Jasmine", "Teresa Teng"), ("茉莉花", "邓丽君"), ("Clair de lune", "Debussy"),
              ("Blue Danube", "Strauss")]  # fmt: skip
    bounds = [(3.0, 170.0), (170.0, 182.0), (182.0, 360.0), (380.0, 600.0)]
    with Recording(path, person, began) as file:

        def at(time: float, name: str, *arguments: Any, **options: Any) -> None:
            events.append((time, lambda: getattr(file, name)(time, *arguments, **options)))

        at(0.0, "told")
        at(0.1, "plan", length)
        for second in range(1, int(length)):
            calmer = second / length
            unknown = 240 <= second < 270
            state = 0 if unknown else 3 if calmer < 0.35 else 4 if calmer < 0.5 else 2
            valence = math.nan if unknown else -0.4 + 0.9 * calmer + rng.normal(0, 0.05)
            at(second + 0.2, "emotion", state, float(np.clip(valence, -1, 1)))
            if second % 5 == 0:
                rate = 92 - 18 * calmer + rng.normal(0, 1.5)
                at(second + 0.3, "pulse", math.nan if 300 < second < 340 else rate)
        for (title, artist), (begin, end) in zip(titles, bounds):
            at(begin - 0.5, "recommend", title, took=float(rng.uniform(0.08, 0.2)))
            for second in np.arange(begin, end, 1.0):
                at(float(second), "player", title, started=begin, artist=artist)
            at(min(end + 0.5, length), "outcome", title, (-0.4 + begin / 700, -0.4 + end / 700),
               (92 - begin / 40, 91 - end / 40), 0.18, 0.04)  # fmt: skip
        at(181.5, "act", 5, "茉莉花")
        at(359.0, "act", 4, "Clair de lune")
        for second in range(361, 380):
            at(float(second), "player")
        at(300.0, "act", 9, "Clair de lune", value=1.0)
        at(320.0, "act", 9, "Clair de lune", value=-1.0, by="mei")
        at(length, "plan", 0.0)
        for _, write in sorted(events, key=lambda each: each[0]):
            write()
    return path
