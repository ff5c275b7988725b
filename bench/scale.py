# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A million tracks: candidates found and scored, beside other indices; a thousand people."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.common import Row, alternate, installed
from emo_music_ros.recommendation.library.large import LargeLibrary, build
from emo_music_ros.recommendation.memory.person import LearnedPerson
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.policy.guard import admissible
from emo_music_ros.recommendation.policy.target import place, target
from emo_music_ros.recommendation.policy.therapeutic import TherapeuticRecommender
from emo_music_ros.recommendation.session.shelf import Shelf
from emo_music_ros.streams import Estimate, Outcome, Track

TRACKS, FEATURES, PEOPLE, QUERIES, BEST = 1_000_000, 31, 1000, 200, 10
OURS = "emo_music_ros"
#: Groups that content vectors lie about, as music does.
STYLES = 200


def tracks(count: int, seed: int = 0) -> Iterator[Track]:
    """Yield tracks that lie in groups."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(STYLES, FEATURES + 3))
    for begin in range(0, count, 10_000):
        kinds = rng.integers(STYLES, size=min(10_000, count - begin))
        rows = (middles[kinds] + 0.5 * rng.normal(size=(len(kinds), FEATURES + 3))) / 2
        rows = rows.astype(np.float32)
        places = np.clip(rows[:, :3], -1, 1).tolist()
        for number, (row, (valence, arousal, dominance)) in enumerate(zip(rows, places), begin):
            yield Track(
                f"{number:08x}", f"/music/{number}.ogg", title=f"Piece {number}", artist="Nobody",
                genre="folk", duration=180.0, tempo=100.0, valence=valence, arousal=arousal,
                dominance=dominance, features=row[3:],
            )  # fmt: skip


def compare() -> dict[str, list[Row]]:
    """Time choosing, finding candidates, opening, building and changing the person."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library"
        began = time.perf_counter()
        build(path, tracks(TRACKS))
        built = time.perf_counter() - began
        return _library(path, built) | _people(Path(folder) / "memory.sqlite")


def _library(path: Path, built: float) -> dict[str, list[Row]]:
    opening = {"open": lambda: LargeLibrary(path)}
    opened = alternate(opening, seconds=2.0, least=5)["open"]
    library = LargeLibrary(path)
    rng = np.random.default_rng(1)
    needs = np.clip(rng.normal(0, 0.5, (QUERIES, 3)), -1, 1)
    tastes = rng.normal(size=(QUERIES, FEATURES))
    tastes *= rng.uniform(0.1, 0.9, (QUERIES, 1)) / np.linalg.norm(tastes, axis=1, keepdims=True)
    vectors = library.vectors()
    asked = np.array([library.query(one, two)[0] for one, two in zip(needs, tastes)])
    squares = (vectors**2).sum(axis=1)

    def exact(number: int) -> NDArray[np.int64]:
        away = squares - 2 * vectors @ asked[number]
        best = np.argpartition(away, BEST)[:BEST]
        return best[np.argsort(away[best])]

    truth = np.array([exact(number) for number in range(QUERIES)])
    finders: dict[str, tuple[str, Callable[[int], NDArray[np.int64]], str]] = {
        "candidates found": (
            f"{OURS} ({installed('faiss-cpu')}, IVF flat, memory map)",
            lambda number: library.nearest(needs[number], tastes[number]),
            f"built with its tracks in {built:.0f} s; opened in {1e3 * opened[1]:.0f} ms (p95)",
        ),
        "all compared": (installed("numpy"), exact, "nothing to build"),
        **_peers(vectors, asked),
    }
    times = alternate(
        {name: _in_turn(finder) for name, (_, finder, _) in finders.items()}, seconds=4.0
    )
    rows = [
        Row(name, package, *times[name], f"recall@10 {_recall(finder, truth):.3f}; {note}")
        for name, (package, finder, note) in finders.items()
    ]
    return {f"A choice from {TRACKS:,} tracks": _choice(library, needs, tastes, rows[0]),
            f"Candidates of {TRACKS:,} tracks": rows}  # fmt: skip


def _in_turn(call: Callable[[int], object]) -> Callable[[], object]:
    """Return a call that asks something else every time."""
    count = 0

    def ask() -> object:
        nonlocal count
        count += 1
        return call(count % QUERIES)

    return ask


def _recall(finder: Callable[[int], NDArray[np.int64]], truth: NDArray[np.int64]) -> float:
    hits = [len(set(finder(n)[:BEST].tolist()) & set(truth[n].tolist())) for n in range(QUERIES)]
    return float(np.mean(hits)) / BEST


def _choice(
    library: LargeLibrary, needs: NDArray[Any], tastes: NDArray[Any], found: Row
) -> list[Row]:
    """Time what the session does: candidates, guard and policy, for one track."""
    shelf = Shelf(lambda: library)
    policy = TherapeuticRecommender(TherapeuticRecommender.Options(seed=1, time_of_day=False))
    person = LearnedPerson("bench")
    heard: list[str] = []

    def choose(number: int) -> None:
        valence, arousal = float(needs[number, 0]), float(needs[number, 1])
        state = ("positive", "calm", "anxiety", "depression")[2 * (valence < 0) + (arousal < 0)]
        estimate = Estimate((), np.zeros(0, np.float32), valence, arousal, float("nan"), 1.0)
        person.taste, person.weight = tastes[number], 20.0
        end, begin = target(state, estimate), place(state, estimate)
        pool, _ = admissible(shelf.around(begin, end, person.preference), careful=False)
        _, ranked = policy.rank(state, estimate, pool, person, heard[-12:], 5)
        heard.append(ranked[0].track.track_id)

    times = alternate({"choice": _in_turn(choose)}, seconds=4.0, least=100)["choice"]
    note = "candidates at three places read, guarded and scored"
    return [Row("candidates found and scored", OURS, *times, note), found]


def _peers(
    vectors: NDArray[np.float32], asked: NDArray[np.float32]
) -> dict[str, tuple[str, Callable[[int], NDArray[np.int64]], str]]:
    """Return the indices that are installed: how each finds the nearest, and its building."""
    made: dict[str, tuple[str, Callable[[int], NDArray[np.int64]], str]] = {}
    width = vectors.shape[1]
    try:
        from usearch.index import Index
    except ImportError:
        pass
    else:
        began = time.perf_counter()
        usearch = Index(ndim=width, metric="l2sq", dtype="f16", expansion_search=64)
        usearch.add(np.arange(len(vectors)), vectors)
        took = time.perf_counter() - began
        made["usearch"] = (
            installed("usearch") + ", HNSW f16",
            lambda number: usearch.search(asked[number], BEST).keys.astype(np.int64),
            f"built in {took:.0f} s",
        )
    try:
        import hnswlib
    except ImportError:
        pass
    else:
        began = time.perf_counter()
        graph = hnswlib.Index(space="l2", dim=width)
        graph.init_index(len(vectors), M=16, ef_construction=100)
        graph.add_items(vectors)
        graph.set_ef(64)
        took = time.perf_counter() - began
        made["hnswlib"] = (
            installed("hnswlib") + ", M 16, ef 64",
            lambda number: graph.knn_query(asked[number], BEST)[0][0].astype(np.int64),
            f"built in {took:.0f} s; no memory map",
        )
    return made


def _people(path: Path) -> dict[str, list[Row]]:
    """Time taking up somebody else out of a thousand who were all heard of lately."""
    memory = Memory(path, durable=False)
    rng = np.random.default_rng(2)
    nothing = Estimate((), np.zeros(0, np.float32), 0.1, 0.1, 0.0, 1.0)
    for number in range(PEOPLE):
        for listen in range(10):
            outcome = Outcome(
                float(listen), f"person {number}", Track(f"t{listen}", ""), 1.0, False, False,
                0, float("nan"), nothing, nothing, float("nan"), float("nan"),
                float(rng.uniform(-1, 1)), signals={"dwell": 0.5}, learned=True,
            )  # fmt: skip
            memory.update(outcome, None, rng.normal(size=FEATURES))
    memory.close()
    memory = Memory(path, durable=False)
    order = rng.permutation(PEOPLE).tolist()
    count = 0

    def switch() -> object:
        nonlocal count
        count += 1
        return memory.person(f"person {order[count % PEOPLE]}").preference

    first: list[float] = []
    for _ in range(PEOPLE - 1):  # each for the first time since the program started
        began = time.perf_counter()
        switch()
        first.append(time.perf_counter() - began)
    again = alternate({"again": switch}, seconds=2.0, least=1000)["again"]
    size = path.stat().st_size / PEOPLE / 1024
    memory.close()
    return {
        f"Another of {PEOPLE:,} people": [
            Row("first time, from disk", OURS, float(np.median(first)),
                float(np.quantile(first, 0.95)), f"{size:.1f} KiB each on disk"),
            Row("again", OURS, *again),
        ]
    }  # fmt: skip
