# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What happened in one session, counted: the table at its end and the summary JSON."""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.errors import StorageError
from emo_music_ros.measures import (
    Listens,
    Seconds,
    acceptance,
    completed,
    ended_worse,
    improvement,
)
from emo_music_ros.names import printable

#: Parts of the loop whose latency from the newest sample is measured.
LATENCIES = ("emotion", "recommendation", "sound")
#: Most sources of a modality, and most nodes, that are listed.
MOST_SOURCES, MOST_NODES = 20, 100
#: Of so many latencies the quantiles are taken: a run may last for weeks.
MOST_LATENCIES = 4096


class Summary:
    """Counts what the topics of the loop carry.

    Parameters
    ----------
    about : mapping
        Facts about the session (scenario, input, person) copied into the summary.
    began : float
        When it began, on the clock of whoever counts [s].
    """

    def __init__(self, about: Mapping[str, Any] | None = None, began: float = 0.0) -> None:
        self.began = began
        self.about = dict(about or {})
        self.emotion_states: Counter[str] = Counter({name: 0 for name in (UNKNOWN, *STATES)})
        self.encodings: Counter[str] = Counter()
        self.sources: dict[str, set[str]] = {}
        self.recommendations = 0
        self.memory_updates = 0
        self.tracks = {"started": 0, "finished": 0, "skipped": 0}
        self.played: list[str] = []
        self.underruns = 0
        self._latency = {name: array("f") for name in LATENCIES}
        self._measured = dict.fromkeys(LATENCIES, 0)
        self._draw = random.Random(0)
        self._dropped: dict[str, dict[str, int]] = {}
        self._peak_rss: dict[int, float] = {}
        self.trouble: dict[str, str] = {}
        #: What acceptance, completion and improvement are made of; see `measures`.
        self.listens = Listens()
        self.seconds = Seconds()

    def latency(self, part: str, seconds: float) -> None:
        """Take one latency from the newest sample to `part` of the loop."""
        if not (np.isfinite(seconds) and seconds >= 0):
            return
        kept, count = self._latency[part], self._measured[part]
        self._measured[part] = count + 1
        if len(kept) < MOST_LATENCIES:
            kept.append(seconds)
        else:  # every latency is as likely to be among those kept (Vitter, 1985, algorithm R)
            place = self._draw.randrange(count + 1)
            if place < len(kept):
                kept[place] = seconds

    def encoding(self, modality: str, source: str) -> None:
        """Count one encoding and remember where its signal came from."""
        self.encodings[modality] += 1
        if source and len(self.sources.setdefault(modality, set())) < MOST_SOURCES:
            self.sources[modality].add(printable(source))

    def node(
        self, name: str, level: str, text: str, dropped: Mapping[str, int], pid: int, rss_mb: float
    ) -> None:
        """Take the last diagnostics of one node."""
        if name not in self._dropped and len(self._dropped) >= MOST_NODES:
            return
        self._dropped[name] = dict(dropped)
        self._peak_rss[pid] = max(rss_mb, self._peak_rss.get(pid, 0.0))
        if level == "ok":
            self.trouble.pop(name, None)
        else:
            self.trouble[name] = text

    def measures(self) -> dict[str, float | bool | None]:
        """Return acceptance, completion, improvement and response time; None = not known.

        A session of a length that was asked for says in its facts ``duration_s`` and ``planned_s``
        [s].
        """
        length, planned = self.about.get("duration_s", 0.0), self.about.get("planned_s", 0.0)
        found = self.seconds.ends(length)
        accepted = acceptance(self.listens.found)
        starts = [each.began for each in self.listens.found]
        stops = [each.time for each in self.listens.stops]
        return {
            "acceptance": _known(accepted.value),
            "offered": accepted.whole,
            "completed": completed(length, planned, starts, stops) if planned else None,
            "improvement": _known(improvement(found.before, found.after)),
            "ended_worse": ended_worse(found.before, found.after),
            "response_ms": _quantiles(self._latency["recommendation"])["p50"],
            "stops": len(stops),
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as plain JSON types; latencies in ms, memory in MB."""
        dropped: Counter[str] = Counter()
        for counts in self._dropped.values():
            dropped.update(counts)
        return {
            **self.about,
            "emotion_states": dict(self.emotion_states),
            "encodings": dict(sorted(self.encodings.items())),
            "sources": {name: sorted(values) for name, values in sorted(self.sources.items())},
            "recommendations": self.recommendations,
            "tracks": dict(self.tracks),
            "played": list(self.played),
            "memory_updates": self.memory_updates,
            "latency_ms": {
                name: _quantiles(values) | {"n": self._measured[name]}
                for name, values in self._latency.items()
            },
            "measures": self.measures(),
            "dropped": dict(sorted(dropped.items())),
            "underruns": self.underruns,
            "peak_rss_mb": round(sum(self._peak_rss.values()), 1),
            "trouble": dict(sorted(self.trouble.items())),
        }

    def write(self, path: Path) -> None:
        """Write the summary as JSON, whole or not at all.

        Raises
        ------
        StorageError
            If the folder cannot be written or the disk is full.
        """
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(
                json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n", "utf-8"
            )
            temporary.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise StorageError(
                f"the summary {path} cannot be written: {error.strerror}",
                "Free space or name another file",
            ) from error

    def table(self) -> str:
        """Return the summary as a short table for the terminal."""
        data = self.as_dict()
        latency = data["latency_ms"]
        rows: list[tuple[str, str]] = [
            ("emotion states", _counts(data["emotion_states"])),
            ("encodings", _counts(data["encodings"])),
            *((f"  {name} from", ", ".join(values)) for name, values in data["sources"].items()),
            ("recommendations", str(data["recommendations"])),
            ("tracks", _counts(data["tracks"])),
            ("memory updates", str(data["memory_updates"])),
            *_told(data["measures"]),
            *(
                (
                    f"newest sample to {name}",
                    f"p50 {values['p50']:.0f} ms, p95 {values['p95']:.0f} ms",
                )
                for name, values in latency.items()
                if values["n"]
            ),
            ("dropped messages", _counts(data["dropped"]) or "none"),
            ("sound underruns", str(data["underruns"])),
            ("peak memory", f"{data['peak_rss_mb']:.0f} MB"),
            *((f"trouble: {name}", text) for name, text in data["trouble"].items()),
        ]
        return render(rows)


def render(rows: Sequence[tuple[str, str]]) -> str:
    """Return two columns as text."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _told(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the rows of what is known of the measures."""
    rows = []
    if found["acceptance"] is not None:
        share = f"{100 * found['acceptance']:.0f} % of {found['offered']:.0f} tracks offered"
        rows.append(("acceptance", share))
    if found["improvement"] is not None:
        rows.append(("improvement", f"{100 * found['improvement']:+.0f} %"))
    return rows


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "none"


def _quantiles(values: Sequence[float]) -> dict[str, float | int | None]:
    if not values:
        return {"p50": None, "p95": None}
    p50, p95 = np.percentile(values, [50, 95]) * 1000
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}
