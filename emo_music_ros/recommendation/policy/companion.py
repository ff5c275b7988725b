# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The policy of this project: predicted effect, within what the need and the rules allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.care.profile import NOBODY
from emo_music_ros.recommendation.base import Need, PersonMemory, RankedTrack
from emo_music_ros.recommendation.policy import rules, scoring
from emo_music_ros.recommendation.policy.effect import Effects
from emo_music_ros.recommendation.policy.therapeutic import TherapeuticRecommender
from emo_music_ros.recommendation.response.model import LEARNED_FROM, Answers, load
from emo_music_ros.streams import Estimate, FloatArray, Track

#: Outcomes of a person at which they weigh as much as the model, which knew only young adults;
#: five outweigh it.
TRUST = 4.5
#: Mean reward from which a track is said to have done good, or no good.
GOOD = 0.1
#: Least weight of the model, and of what a person's own outcomes say among what is learned.
LEAST_TRUST, OWN = 0.3, 0.7
#: What a track loses when it was just heard, and listens after which half of that is back.
TIRING, REST = 0.2, 40.0


class Companion(TherapeuticRecommender):
    """Need bounds the choice, predicted effect chooses within; the rules of practice come before.

    Taste has more room than there: all of a mood that is not much further from the need than the
    nearest. Exposure lowers a track and rest brings it back, for each person, but not where the
    same songs are right.

    Harm first: of the tracks that answer the need only those stay whose chance of a drop of mood
    is not above the mean of the library, which is what a fixed list would risk. Of them the
    score is the chance to be liked plus that of a lift minus that of a drop, joined with Eqs. 8
    and 9 by how many outcomes of the person there are. The first is drawn as in
    :class:`TherapeuticRecommender`, whose propensities are logged; nobody who is tense, was
    distressed lately or has a high risk is explored on.
    """

    CHOICE, TOLERANCE = 40, 0.8

    def __init__(self, options: TherapeuticRecommender.Options | None = None) -> None:
        super().__init__(options or self.Options())
        self._effects = Effects(load())
        self._answers: Answers | None = None
        self._profile = NOBODY

    def rank(
        self,
        state: str,
        estimate: Estimate,
        tracks: Sequence[Track],
        person: PersonMemory,
        recent: Sequence[str],
        count: int,
    ) -> tuple[Need, list[RankedTrack]]:
        """Return the need and at most `count` tracks, best first; `recent` has the newest last."""
        self._profile = getattr(person, "profile", NOBODY)
        if tracks:
            self._answers = self._effects(tracks, estimate)
        need, ranked = super().rank(state, estimate, tracks, person, recent, count)
        if not ranked or self._answers is None:
            return need, ranked
        chances = dict(zip((track.track_id for track in tracks), self._answers.like.tolist()))
        first = ranked[0].track
        sentence = explain(first, person.history(first.track_id), chances[first.track_id])
        text = " ".join(part for part in (need.reason, sentence) if part)
        return replace(need, reason=text), ranked

    def _finals(
        self,
        finals: FloatArray,
        tracks: Sequence[Track],
        person: PersonMemory,
    ) -> FloatArray:
        assert self._answers is not None
        outcomes = sum(person.history(track.track_id)[1] for track in tracks)
        trust = max(TRUST / (TRUST + outcomes), LEAST_TRUST)
        answers = self._answers
        effect = (answers.like + answers.chances[:, 2] - answers.chances[:, 0] + 1.0) / 3.0
        taste = scoring.preference_match(person.preference, scoring.vectors(tracks))
        own = (taste + 2.0 * scoring.history_match(person, tracks)) / 3.0
        learned = (1.0 - OWN) * finals + OWN * own
        added = rules.prior(tracks, self._profile, outcomes) - self._exposure(tracks, person)
        return trust * effect + (1.0 - trust) * learned + added

    def _exposure(self, tracks: Sequence[Track], person: PersonMemory) -> FloatArray:
        """Return what each track loses for having been heard lately [tracks]."""
        since = getattr(person, "since", None)
        if since is None or self._profile.same_songs or self._profile.high_risk:
            return np.zeros(len(tracks))
        return TIRING * np.exp2([-since(track.track_id) / REST for track in tracks])

    def _harmless(self, fit: NDArray[np.intp]) -> NDArray[np.intp]:
        assert self._answers is not None
        drop = self._answers.chances[:, 0]
        kept = fit[drop[fit] <= drop.mean() + 1e-9]
        return kept if len(kept) else fit[np.argsort(drop[fit], kind="stable")][:1]


def explain(track: Track, history: tuple[float, int], like: float) -> str:
    """Return one sentence why a track was chosen, of nothing but what is known.

    Parameters
    ----------
    track : Track
        What was chosen.
    history : tuple
        (mean reward -1..1, times it was judged) for this person.
    like : float
        Chance that it is liked, by the response model.
    """
    kind = "Your song" if track.own else f"Music by {track.artist}" if track.artist else "Music"
    kind += f" from {track.year}" if track.year else ""
    mean, judged = history
    if not judged:
        guess = f"expected to be liked with {100 * like:.0f} % by a model that {LEARNED_FROM}"
        return f"{kind}, not judged yet, {guess}."
    often = "once" if judged == 1 else f"{judged} times"
    effect = "did good" if mean > GOOD else "did no good" if mean < -GOOD else "changed little"
    return f"{kind}; it was judged {often} and on the whole {effect}."
