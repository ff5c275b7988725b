# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What may be played to whom: rules that hold whatever recommender plugin chooses.

Somebody who is agitated gets no unknown music: their own songs, or, where nobody entered any, the
gentle part of the library (not above 120 beats per minute, not unpleasant) in their place.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from emo_music_ros.streams import Estimate, Track

#: Arousal from which an anxious person counts as agitated.
AGITATED = 0.15
#: Fastest music for somebody who is agitated [beats per minute].
FASTEST = 120.0


def aroused(state: str, estimate: Estimate) -> bool:
    """Return whether a person is anxious with high arousal."""
    return state == "anxiety" and not estimate.arousal < AGITATED


def gentle(track: Track) -> bool:
    """Return whether a track was heard and is neither fast, where that is known, nor unpleasant."""
    return not track.derived and track.valence >= 0 and not track.tempo > FASTEST


def admissible(
    tracks: Sequence[Track],
    *,
    careful: bool,
    blocked: Collection[str] = (),
    rejected: Sequence[str] = (),
) -> tuple[list[Track], str]:
    """Return the tracks that may be chosen now and a sentence why others may not.

    Parameters
    ----------
    tracks : sequence of Track
        The library.
    careful : bool
        Whether the person is agitated or was distressed lately.
    blocked : collection of str
        Tracks that wait for a human to clear them; never returned.
    rejected : sequence of str
        Tracks the person skipped lately, the latest last; returned only if there is nothing else,
        and then the half that was skipped longest ago.
    """
    left = [track for track in tracks if track.track_id not in blocked]
    note = ""
    if careful:
        own = [track for track in left if track.own]
        calm = [track for track in left if gentle(track)]
        if own:
            left, note = own, "Own songs only while the person is tense."
        elif calm:
            left, note = calm, "No own songs are entered: gentle music stands in for them."
        elif left:
            pleasant = sorted(left, key=lambda track: (-track.valence, track.arousal))
            left = pleasant[: max(3, len(left) // 4)]
            note = "Neither own songs nor gentle music in the library: the least unpleasant."
    kept = [track for track in left if track.track_id not in rejected]
    if not kept and len(left) > 1:
        left.sort(key=lambda track: rejected.index(track.track_id))
        kept = left[: len(left) // 2]
    return (kept or left), note
