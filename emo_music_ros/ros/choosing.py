# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What people enter about choice and pick by hand: the services the recommender offers for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import emo_music_ros.srv as srv
from emo_music_ros.care.plans import LONG, MANY, often
from emo_music_ros.care.profile import ENTERED, Profile, Song
from emo_music_ros.care.store import CareStore
from emo_music_ros.consent.rules import valid_person
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.recommendation.library.search import TrackSearch
from emo_music_ros.recommendation.session.director import Director
from emo_music_ros.ros import care
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.streams import Track

#: What other programs entered is seen this much later at most [s].
FRESH = 2.0
#: Pieces that a search gives where nobody says how many, and at most.
FOUND, MOST_FOUND = 50, 200
#: Pieces that are told of by their ids at once.
MOST_NAMED = 300
#: Of somebody whose profile cannot be read: the strictest there is.
UNREADABLE = Profile(risk="high")


class ChoosingDesk:
    """Answers who asks for a profile, changes it, bans, searches or picks a piece.

    Parameters
    ----------
    node : CompanionNode
        That offers the services while it is active.
    store : CareStore
        Where what was entered is kept.
    director : callable
        Returns who decides what is played.
    tracks : callable
        Returns the library as it is now.
    changed : callable
        Called after something was entered or picked: a decision may be due.
    """

    def __init__(
        self,
        node: CompanionNode,
        store: CareStore,
        director: Callable[[], Director],
        tracks: Callable[[], Sequence[Track]],
        changed: Callable[[], None],
    ) -> None:
        self._node = node
        self._store = store
        self._director = director
        self._search = TrackSearch(tracks)
        self._changed = changed
        self._known: dict[str, tuple[float, Profile]] = {}
        node.serve(srv.GetProfile, "get_profile", self._on_get)
        node.serve(srv.ChangeProfile, "change_profile", self._on_change)
        node.serve(srv.NeverAgain, "never_again", self._on_never)
        node.serve(srv.FindTracks, "find_tracks", self._on_find)
        node.serve(srv.PickTrack, "pick_track", self._on_pick)

    def profile(self, person_id: str) -> Profile:
        """Return what was entered for a person; while it cannot be read, what was known last."""
        now = self._node.steady()
        read, known = self._known.get(person_id, (-FRESH, UNREADABLE))
        if now - read < FRESH:
            return known
        try:
            known = self._store.profile(person_id)
            stops = self._store.stops(person_id)
            known = replace(known, stopped=often(stops, self._node.now()))
        except CompanionError as error:
            self._node.fault("profiles", str(error))
        else:
            self._node.fault("profiles", "")
        self._known[person_id] = now, known
        return known

    def forget(self, person_id: str) -> int:
        """Remove what was entered for a person; return how many records that were."""
        self._known.pop(person_id, None)
        return self._store.forget(person_id)

    def stopped(self, time: float) -> None:
        """Keep that distress stopped the music [unix s]."""
        try:
            self._store.stopped(self._node.person_id, time)
        except CompanionError as error:
            self._node.failed("profiles", error)

    # -- services ----------------------------------------------------------------------------

    def _person(self, person_id: str) -> str:
        return valid_person(person_id or self._node.person_id)

    def _on_get(self, request: Any, response: Any) -> Any:
        person_id = self._person(request.person_id)
        profile = self._store.profile(person_id)
        response.profile = care.profile_message(profile, person_id)
        response.message = self._consequence(profile, person_id)
        response.success = True
        return response

    def _on_change(self, request: Any, response: Any) -> Any:
        person_id = self._person(request.profile.person_id)
        given = care.profile(request.profile)
        unknown = sorted(set(request.fields) - set(ENTERED))
        if unknown or not request.fields:
            raise InputError(
                f"the profile has no field {', '.join(unknown) or 'that was named'}",
                f"Name some of {', '.join(ENTERED)}",
            )
        profile = self._store.change(
            person_id, **{name: getattr(given, name) for name in request.fields}
        )
        self._entered(person_id)
        response.message = self._consequence(profile, person_id)
        response.success = True
        return response

    def _on_never(self, request: Any, response: Any) -> Any:
        person_id = self._person(request.person_id)
        track = self._director().named(request.track_id)
        song = Song(track.title or track.track_id, track.artist)
        self._store.never(person_id, song)
        self._entered(person_id)
        response.song = care.song_message(song)
        response.success = True
        return response

    def _on_find(self, request: Any, response: Any) -> Any:
        if request.track_ids:
            found = self._search.named(request.track_ids[:MOST_NAMED])
            response.tracks = [convert.track_message(track) for track in found]
            response.found = len(found)
            response.success = True
            return response
        found = self._search(request.query)
        count = min(request.count or FOUND, MOST_FOUND)
        some = found[request.first : request.first + count]
        response.tracks = [convert.track_message(track) for track in some]
        response.found = len(found)
        response.success = True
        return response

    def _on_pick(self, request: Any, response: Any) -> Any:
        now = self._node.steady()
        if request.comfort:
            self._director().comfort(now)
        else:
            self._director().pick(request.track_id, now)
        self._changed()
        response.success = True
        return response

    def _entered(self, person_id: str) -> None:
        """Let what was entered hold at once."""
        self._known.pop(person_id, None)
        self._director().reconsider(self._node.steady())
        self._changed()

    def _consequence(self, profile: Profile, person_id: str) -> str:
        """Return what follows from a profile now, in words for carers."""
        told = _told(profile)
        stops = self._store.stops(person_id, looked=True)
        if often(stops, self._node.now(), MANY, LONG):
            told += f" Distress stopped the music {MANY} times in a week: music may not suit;"
            told += " ask the therapist."
        return told


def _told(profile: Profile) -> str:
    if not profile.entered:
        return "No risk, own songs or plan is entered: the gentle part of the library plays."
    if profile.risk == "high":
        return "High risk: own songs only, in major keys; somebody should be near."
    if profile.high_risk:
        return "The risk is not known: it counts as high in the first three sessions."
    return "Own songs come first; while somebody is tense there is nothing else."
