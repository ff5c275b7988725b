# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music own-data``: everything that is kept of one person, for that person, as a zip."""

from __future__ import annotations

import argparse
import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from emo_music_ros.consent.traces import folder_of, recordings_folder, summary_folder
from emo_music_ros.errors import InputError
from emo_music_ros.paths import expand
from emo_music_ros.resources import data_of

_READ_ME = """What the music companion keeps of '{person}', made on {day}.

consent.csv     what was decided, by whom, until when
calls.csv       calls to carers
entered.json    profile, plans, notes, planned sessions, when distress stopped music
voice.json      print of the voice, where it was enrolled
confirmed.csv   moments that were confirmed, which the reading of emotion was adapted to
music.csv       pieces heard, how often, how well they worked (-1..1), and those kept back
taste.json      what was learned of the taste: one number for each feature of a piece
summaries/      sessions in numbers
sessions/       logs of recorded sessions
left-out.csv    files that are kept and not in here, being large: recordings
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser("own-data", help="everything that is kept of one person, as a zip")
    one.add_argument("person", metavar="PERSON")
    one.add_argument("--out", required=True, help="file that ends in .zip")
    one.add_argument("--namespace", default="", help="of the robot; default: none")
    one.add_argument("--memory", default="", help="file of the memory; default: in the data folder")
    one.add_argument("--recordings", default="", help="folder of recordings of sessions")
    one.set_defaults(run=own_data)


def own_data(arguments: argparse.Namespace) -> int:
    """Write the zip and say where it is."""
    from emo_music_ros.report.write import save

    path = expand(arguments.out, "zip")
    if path.suffix != ".zip":
        raise InputError(f"'{path}' is no name of a zip", "End it in .zip")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in collected(
            arguments.person, arguments.namespace, arguments.memory, arguments.recordings
        ):
            archive.writestr(name, each)
    save(content.getvalue(), path)
    print(f"own data in {path}")
    return 0


def collected(
    person: str, namespace: str = "", memory: str = "", recordings: str = ""
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of what is kept of a person.

    Parameters
    ----------
    person, namespace : str
        Of whom, and of which robot.
    memory, recordings : str
        Where memory and recordings are; empty = in the data folder.

    Raises
    ------
    CompanionError
        If something that is there cannot be read: nobody is told that this is all.
    """
    from emo_music_ros.care.store import default_store
    from emo_music_ros.consent.register import default_register
    from emo_music_ros.consent.voices import Voices
    from emo_music_ros.fusion.adaptation.learner import Adaptation
    from emo_music_ros.fusion.adaptation.learner import default_path as adaptation_path
    from emo_music_ros.notifying.calls import Calls

    day = datetime.now(timezone.utc).isoformat(" ", "seconds")
    yield "README.txt", _READ_ME.format(person=person, day=day).encode()
    consents = [each for each in default_register(namespace).consents() if each.person_id == person]
    yield "consent.csv", _table({**asdict(each), **asdict(each.terms)} for each in consents)
    calls = Calls(data_of(namespace, "carer-calls.sqlite")).latest(days=36_500, most=1_000_000)
    yield "calls.csv", _table(asdict(each) for each in calls if each.person_id == person)
    store = default_store(namespace)
    entered = {
        "profile": asdict(store.profile(person)),
        "plans": [asdict(each) for each in store.plans(person)],
        "notes": [asdict(each) for each in store.notes(person)],
        "planned_sessions": [asdict(each) for each in store.held(person)],
        "stopped_by_distress": store.stops(person, looked=True),
    }
    yield "entered.json", json.dumps(entered, ensure_ascii=False, indent=1).encode()
    voices = Voices(namespace)
    enrolled = voices.enrolled().get(person)
    if enrolled is not None:
        yield "voice.json", json.dumps(asdict(enrolled)).encode()
    elif voices.problem:
        raise InputError(voices.problem, "Mend it first")
    adaptation = Adaptation(adaptation_path(namespace), "", own=True)
    try:
        yield "confirmed.csv", _table(adaptation.kept(person))
    finally:
        adaptation.close()
    yield from _memory(person, namespace, memory)
    folder = expand(recordings, "recordings") if recordings else recordings_folder(namespace)
    kept = list(_files(folder_of(folder, person)))
    for path in _files(summary_folder(namespace, person)):
        yield f"summaries/{path.name}", path.read_bytes()
    for path in kept:
        if path.suffix == ".csv":
            yield f"sessions/{path.name}", path.read_bytes()
    left = [each for each in kept if each.suffix != ".csv"]
    sizes = ({"file": str(each), "bytes": each.stat().st_size} for each in left)
    yield "left-out.csv", _table(sizes)


def _memory(person: str, namespace: str, named: str) -> Iterator[tuple[str, bytes]]:
    from emo_music_ros.recommendation.memory.store import Memory, default_path

    place = named or default_path(namespace)
    if not named and not Path(place).exists():
        return
    memory = Memory(place, own=not named)
    try:
        learned = memory.person(person)
        if memory.error:
            raise InputError(f"the memory cannot be read: {memory.error}", "Mend it first")
        rows = [
            {"track_id": track, **asdict(each), "kept_back": track in learned.blocked}
            for track, each in learned.tracks.items()
        ]
        known = {row["track_id"] for row in rows}
        rows += [
            {"track_id": each, "heard": 0, "judged": 0, "mean": 0.0, "kept_back": True}
            for each in sorted(learned.blocked - known)
        ]
        yield "music.csv", _table(rows)
        taste = {"taste": [float(each) for each in learned.taste], "listens": learned.listens}
        yield "taste.json", json.dumps(taste).encode()
    finally:
        memory.close()


def _files(folder: Path) -> list[Path]:
    return sorted(each for each in folder.glob("*") if each.is_file())


def _table(rows: Iterable[dict[str, Any]]) -> bytes:
    """Return rows as csv; a column of columns is left out."""
    written = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        flat = {key: _safe(each) for key, each in row.items() if not isinstance(each, dict)}
        if writer is None:
            writer = csv.DictWriter(written, list(flat))
            writer.writeheader()
        writer.writerow(flat)
    return written.getvalue().encode("utf-8-sig")  # spreadsheets ask for the mark


def _safe(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
