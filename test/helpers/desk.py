# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the pages ask of the other nodes, answered by a store and a small library without ROS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from emo_music_ros.care.store import CareStore
from emo_music_ros.dashboard.state import Choice, Ranked
from emo_music_ros.errors import CompanionError
from emo_music_ros.recommendation.library.search import TrackSearch
from emo_music_ros.streams import Track


class Desk:
    """Answers as the nodes do; `done` is what it was told to do, `refusal` what it answers."""

    def __init__(self, folder: Path, person: Callable[[], str]) -> None:
        self.store = CareStore(folder / "care.sqlite", own=True)
        self.tracks: list[Track] = []
        self.done: list[tuple[str, object]] = []
        self.day = ""
        self.refusal: CompanionError | None = None
        self._person = lambda: person() or "resident"
        self._search = TrackSearch(lambda: self.tracks)

    def _do(self, name: str, value: object = None) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.done.append((name, value))

    async def profile(self):
        self._do("profile")
        return self.store.profile(self._person()), "What follows."

    async def change(self, profile, fields):
        self._do("change", fields)
        changed = {name: getattr(profile, name) for name in fields}
        self.store.change(self._person(), **changed)
        return "What follows."

    async def never(self):
        self._do("never")

    async def find(self, query, first):
        self._do("find", (query, first))
        found = self._search(query)
        return found[first : first + 50], len(found)

    async def named(self, track_ids):
        self._do("named", tuple(track_ids))
        return self._search.named(track_ids)

    async def best(self, valence, arousal):
        self._do("best", (valence, arousal))
        ranked = (Ranked("Waltz", "Strauss", 0.5, 0.5, 0.5, 0.5),)
        return Choice("It leads up.", (valence, arousal), ranked)

    async def pick(self, track_id, comfort=False):
        self._do("comfort" if comfort else "pick", track_id)

    async def plans(self):
        self._do("plans")
        return self.store.plans(self._person()), self.day

    async def set_plan(self, plan, remove=False):
        self._do("set_plan", plan.name)
        if remove:
            self.store.remove_plan(self._person(), plan.plan_id)
        else:
            self.store.set_plan(self._person(), plan)

    async def hold(self, plan):
        self._do("hold", plan.name)

    async def end(self):
        self._do("end")

    async def looked(self):
        self._do("looked")

    async def confirm(self, state):
        self._do("confirm", state)

    async def unlearn(self):
        self._do("unlearn")

    async def notes(self):
        self._do("notes")
        return self.store.notes(self._person())

    async def note(self, note, remove=False):
        self._do("note")
        if remove:
            self.store.remove_note(self._person(), note.note_id, note.author)
        else:
            self.store.add_note(self._person(), note)

    async def turn(self, person):
        self._do("turn", person)

    async def people(self):
        self._do("people")
        return sorted({"anna", "bert", self._person()})
