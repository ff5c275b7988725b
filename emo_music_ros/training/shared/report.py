# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What evaluations measured: kept as JSON, shown as Markdown."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from emo_music_ros import __version__
from emo_music_ros.errors import InputError
from emo_music_ros.training.evaluation import answers
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, FEWEST, MULTILABEL, Metric
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.shared import headlines
from emo_music_ros.training.shared.cards import markdown_table, number, with_interval
from emo_music_ros.training.shared.goals import GOALS, Goal

#: The order of the report.
MODALITIES = {
    "face": "Face",
    "speech": "Speech",
    "text": "Text",
    "physiology": "Physiology",
    "eeg": "EEG",
    "music": "Music",
    "fusion": "Fusion",
    "sampling": "Dynamic sampling",
    "adaptation": "Adaptation to a person",
    "elder": "Older adults",
    "recommender": "Response to music",
}
LIBRARIES = ("numpy", "scipy", "torch", "scikit-learn", "onnxruntime", "librosa")

HEAD = """# Results

Everything here was measured by `emo-music evaluate MODALITY --data FOLDER --save docs` and
`make bench` and is written by them; nothing is edited by hand. All answers are to people (or, where
a corpus knows no people, to pictures, texts or series) that were not in the training rows; they are
kept in `results/answers`, from which `emo-music evaluate MODALITY --from docs` computes the figures
again. Square brackets hold the 95 % interval over people: of a bootstrap, expanded where people are
few (Hesterberg 2015), none for fewer than 6 people. The calibration error (ECE) is given without
the part that chance adds, with the interval of a test turned around
(`training/evaluation/calibration_error.py`). `trivial` answers with the class frequencies of the
training rows without looking. The networks of the papers are miniatures: their kinds of layers in
sizes for a robot, not tuned as ours were. Costs are of one answer, batch 1, one thread; operations
count two for a multiply-add, and the network only. A corpus without figures was not run.
"""
#: Said of a result whose answers may not be kept: they are of people who were not left out.
NOT_KEPT = "not kept"
FEW = f"Fewer than {FEWEST} {{unit}} could exclude nothing at 95 %: there is no interval."


def machine() -> str:
    """Return processor, cores, load and the versions that figures depend on, in one line."""
    processor = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    except OSError:
        pass  # not Linux: the machine type has to do
    parts = [f"{processor}, {os.cpu_count()} cores"]
    if hasattr(os, "getloadavg"):
        parts.append(f"load average {os.getloadavg()[0]:.1f}")
    parts.append(f"Python {platform.python_version()}")
    for library in LIBRARIES:
        try:
            parts.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            continue
    return ", ".join(parts)


def save(folder: Path, modality: str, results: Sequence[Result], corpora: Sequence[str]) -> Path:
    """Merge results into ``<folder>/results/<modality>.json`` and rewrite what shows them.

    The answers go into ``<folder>/results/answers/<modality>.npz``.

    Raises
    ------
    InputError
        If the folder cannot be written or an earlier file is damaged.
    """
    kept = {key_of(entry): entry for entry in load(folder).get(modality, {}).get("results", [])}
    path = answers.path_of(folder, modality)
    given = answers.load(path)
    fresh = [
        {**one.plain(), "version": __version__, "measured_on": machine()}
        | ({} if len(one.truth) else {"answers": NOT_KEPT})
        for one in results
    ]
    entries = {key_of(entry): entry for entry in fresh}  # what is measured now stands first
    given |= {key: one.answers for key, one in zip(entries, results) if len(one.truth)}
    entries |= {key: entry for key, entry in kept.items() if key not in entries}
    answers.save(path, {key: given[key] for key in entries if key in given})
    return save_entries(folder, modality, list(entries.values()), corpora)


def save_entries(
    folder: Path, modality: str, entries: Sequence[Mapping[str, Any]], corpora: Sequence[str]
) -> Path:
    """Write ``<folder>/results/<modality>.json``; rewrite the report and the table of the README.

    The README is the one beside `folder`, if it has that table.

    Raises
    ------
    InputError
        If a file cannot be written or one of other modalities is damaged.
    """
    content = {"corpora": list(corpora), "results": list(entries)}
    path = folder / "results" / f"{modality}.json"
    write(path, json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    write(folder / "results.md", markdown(folder))
    readme = folder.resolve().parent / "README.md"
    if readme.is_file():
        text = readme.read_text("utf-8")
        written = headlines.insert(text, load(folder))
        if written != text:
            write(readme, written)
    return path


def again(folder: Path, modality: str, own: Mapping[str, Metric]) -> list[dict[str, Any]]:
    """Return the saved results of a modality, their figures computed anew from the kept answers.

    Parameters
    ----------
    folder : pathlib.Path
        Where they were saved, such as ``docs``.
    modality : str
        Name of the files.
    own : mapping
        Measures beside :data:`CLASSIFICATION` and :data:`MULTILABEL`.

    Raises
    ------
    InputError
        If nothing was saved, a file is damaged, or answers of a result are missing.
    """
    saved = load(folder).get(modality, {}).get("results", [])
    path = answers.path_of(folder, modality)
    kept = answers.load(path)
    remedy = f"Run emo-music evaluate {modality} --data FOLDER --save {folder}"
    if not saved:
        raise InputError(f"{folder} has no results of {modality}", remedy)
    entries = []
    for entry in saved:
        one = kept.get(key_of(entry))
        if one is None and entry.get("answers") == NOT_KEPT:
            entries.append(entry)
            continue
        if one is None:
            raise InputError(
                f"{path} has no answers of {entry['candidate']}: {entry['task']}, "
                f"{entry['corpus']}, {entry['protocol']}",
                remedy,
            )
        usual = MULTILABEL if one.truth.ndim == 2 and one.truth.dtype == bool else CLASSIFICATION
        measures = {name: own[name] if name in own else usual[name] for name in entry["measures"]}
        values = {name: list(found) for name, found in entry["groups"].items()}
        figures = {
            "measures": answers.measured(one, measures),
            "groups": answers.by_group(one, values, measures, entry["unit"]),
        }
        entries.append(entry | plain(figures))
    return entries


def write(path: Path, text: str) -> None:
    """Write a text file and the folder it is in.

    Raises
    ------
    InputError
        If that is impossible.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}", "Name another folder") from error


def load(folder: Path) -> dict[str, Any]:
    """Return what ``<folder>/results/*.json`` hold, by file name.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    found = {}
    for path in sorted((folder / "results").glob("*.json")):
        try:
            found[path.stem] = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path} is damaged: {error}", "Delete it and evaluate again"
            ) from error
    return found


def markdown(folder: Path) -> str:
    """Return the whole report of a folder of results."""
    found = load(folder)
    text = HEAD + "\n## Goals\n\n" + goals_table(found)
    for modality, title in MODALITIES.items():
        text += f"\n## {title}\n\n"
        entry = found.get(modality)
        text += modality_section(entry) if entry else "Not run.\n"
    text += "\n## Beside their peers\n\n"
    text += bench_section(found["bench"]) if "bench" in found else "Not run.\n"
    return text


def modality_section(entry: Mapping[str, Any]) -> str:
    """Return the tables of one modality, one for every task, corpus and protocol."""
    text = ""
    told: set[tuple[str, str]] = set()
    for results in _grouped(entry["results"]):
        text += result_tables(results, told) + "\n"
    measured = {result["corpus"] for result in entry["results"]}
    for corpus in entry["corpora"]:
        if corpus not in measured:
            text += f"{corpus}: not run.\n\n"
    return text + places(entry["results"])


def result_tables(
    results: Sequence[Mapping[str, Any]], told: set[tuple[str, str]] | None = None
) -> str:
    """Return the table of results with one task, corpus and protocol, notes and groups below.

    Parameters
    ----------
    results : sequence of mapping
        As they were saved.
    told : set of (candidate, note), optional
        Notes that stand above already, and are not repeated; grows by those of these results.
    """
    told = set() if told is None else told
    first = results[0]
    leak = "**LEAKY, no result:** " if first["leaky"] else ""
    text = f"### {leak}{first['task']}: {first['corpus']}, {first['protocol']}\n\n"
    text += f"{first['people']} {first['unit']}, {first['items']} items"
    text += " (one person may be on both sides of the split)." if first["leaky"] else "."
    if first["people"] < FEWEST:
        text += " " + FEW.format(unit=first["unit"])
    text += "\n\n"
    measures = list(dict.fromkeys(name for result in results for name in result["measures"]))
    rows: list[list[str]] = [
        ["trivial", "class frequencies"]
        + [number(first["measures"].get(name, {}).get("trivial")) for name in measures]
        + [""] * 3
    ]
    for result in results:
        cells = [with_interval(result["measures"].get(name)) for name in measures]
        rows.append([result["candidate"], result["origin"], *cells, *_cost(result["cost"])])
    text += markdown_table(
        ["model", "from", *measures, "parameters", "MFLOP", "ms p50 / p95"],
        rows,
    )
    text += "\n"
    notes: dict[str, list[str]] = {}
    for result in results:
        pair = (result["candidate"], result["note"])
        if result["note"] and pair not in told:
            notes.setdefault(result["note"], []).append(result["candidate"])
        told.add(pair)
    for note, candidates in notes.items():
        text += f"\n{', '.join(candidates)}: {note}\n"
    for name, values in first["groups"].items():
        text += f"\nBy {name}, {first['candidate']}:\n\n"
        columns = list(dict.fromkeys(kind for entry in values.values() for kind in entry))
        cells_of = [
            [value, *(number(entry.get(kind)) for kind in columns)]
            for value, entry in values.items()
        ]
        text += markdown_table([name, *columns], cells_of) + "\n"
    return text


def places(results: Iterable[Mapping[str, Any]]) -> str:
    """Return the machines that results were measured on, a line each."""
    found = dict.fromkeys(result["measured_on"] for result in results)
    return "".join(f"Measured on: {place}.\n" for place in found)


def goals_table(found: Mapping[str, Any]) -> str:
    """Return the goals with what was measured beside them."""
    rows = []
    for goal in GOALS:
        value = _measured(goal, found)
        if value is None:
            rows.append([goal.text, goal.bound, "not run", ""])
            continue
        rows.append(
            [goal.text, goal.bound, goal.show(value), "yes" if goal.reached(value) else "no"]
        )
    return markdown_table(["goal", "bound", "measured", "reached"], rows) + "\n"


def bench_section(entry: Mapping[str, Any]) -> str:
    """Return the tables of the benchmarks."""
    text = ""
    for name, comparison in entry.items():
        text += (
            f"### {name}\n\n{comparison['table']}\n\nMeasured on: {comparison['measured_on']}.\n\n"
        )
    return text.rstrip("\n") + "\n"


def print_results(results: Iterable[Result]) -> str:
    """Return results that were just measured as Markdown."""
    where = machine()
    entries = [{**result.plain(), "measured_on": where} for result in results]
    return tables(entries)


def tables(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return saved results as Markdown."""
    return "\n".join([*map(result_tables, _grouped(entries)), places(entries)])


def _measured(goal: Goal, found: Mapping[str, Any]) -> float | None:
    if goal.modality == "bench":
        for title, comparison in found.get("bench", {}).items():
            if goal.task in title and goal.candidate in comparison["rows"]:
                return float(comparison["rows"][goal.candidate][goal.measure])
        return None
    for result in found.get(goal.modality, {}).get("results", []):
        fits = result["candidate"] == goal.candidate and goal.task in result["task"]
        if fits and not result["leaky"] and goal.corpus in result["corpus"]:
            measured = result["measures"].get(goal.measure, {}).get("value")
            value = result["cost"].get(goal.measure) if measured is None else measured
            if value is not None:
                return float(value)
    return None


def key_of(entry: Mapping[str, Any]) -> answers.Key:
    """Return what a result is found by."""
    return tuple(entry[name] for name in ("task", "corpus", "protocol", "leaky", "candidate"))


def _grouped(entries: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for entry in entries:
        groups.setdefault(key_of(entry)[:4], []).append(entry)
    return list(groups.values())


def plain(value: Any) -> Any:
    """Return a value as it is kept: six digits, NaN as None, as JSON wants it."""
    if isinstance(value, Mapping):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def _cost(cost: Mapping[str, float]) -> list[str]:
    if not cost:
        return ["-", "-", "-"]
    flops = cost["flops"]
    known = flops is not None and math.isfinite(flops)
    return [
        f"{cost['parameters']:,}",
        f"{flops / 1e6:.3g}" if known else "-",
        f"{cost['p50_ms']:.2f} / {cost['p95_ms']:.2f}",
    ]
