# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Messages of what the stages find and decide, to plain data and back.

Those of signals are in :mod:`emo_music_ros.ros.signals`.
"""

from __future__ import annotations

import emo_music_ros.msg as msg
from emo_music_ros import streams
from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.errors import PluginError
from emo_music_ros.io.encodings import encoding as encoding
from emo_music_ros.io.encodings import estimate as estimate
from emo_music_ros.recommendation.base import Need, RankedTrack
from emo_music_ros.ros.fields import code, fill
from emo_music_ros.ros.stamps import seconds as seconds
from emo_music_ros.streams import Contribution, Emotion, Group, Outcome, Track

#: State names in the order of the EmotionState constants.
STATE_NAMES = (UNKNOWN, *STATES)
#: Interaction names by message constant.
ACTIONS = {
    getattr(msg.InteractionEvent, name): name.lower()
    for name in (
        "PLAY", "PAUSE", "RESUME", "STOP", "NEXT", "REPEAT", "SEEK", "VOLUME", "RATE",
        "TRACK_STARTED", "TRACK_FINISHED", "CONSENT", "SELECT",
    )
}  # fmt: skip
ACTION_CODES = {name: code for code, name in ACTIONS.items()}


def interaction_message(event: streams.Interaction) -> msg.InteractionEvent:
    """Return an interaction as a message."""
    message = fill(
        msg.InteractionEvent,
        header=event.time,
        source=event.source,
        person_id=event.person_id,
        action=code(ACTION_CODES, event.action, "InteractionEvent.action"),
        track_id=event.track_id,
        value=event.value,
        position=event.position,
    )
    message.position = max(0.0, message.position)
    return message


def interaction(message: msg.InteractionEvent) -> streams.Interaction | None:
    """Return an interaction message as plain data, None if its action is unknown."""
    if message.action not in ACTIONS:
        return None
    return streams.Interaction(
        seconds(message.header.stamp),
        ACTIONS[message.action],
        message.track_id,
        message.value,
        message.position,
        message.person_id,
        message.source,
    )


def estimate_message(estimate: streams.Estimate) -> msg.EmotionEstimate:
    """Return an estimate as a message."""
    if not isinstance(estimate, streams.Estimate):
        raise PluginError(f"an estimate cannot be {estimate!r}", "Correct the plugin that made it")
    message = fill(
        msg.EmotionEstimate,
        labels=estimate.labels,
        probabilities=estimate.probabilities,
        valence=estimate.valence,
        arousal=estimate.arousal,
        dominance=estimate.dominance,
        confidence=estimate.confidence,
        quality=estimate.quality,
        credible=estimate.credible,
    )
    if not message.probabilities:
        message.labels = []
    return message


def encoding_message(
    encoding: streams.Encoding, encoder: str, version: str, person_id: str
) -> msg.ModalityEncoding:
    """Return an encoding as a message."""
    message = fill(
        msg.ModalityEncoding,
        header=encoding.time,
        source=encoding.source,
        person_id=encoding.person_id,
        modality=encoding.modality,
        encoder=encoder,
        version=version,
        window_start=encoding.window_start,
        embedding=encoding.embedding,
        feature_names=encoding.features,
        features=encoding.features,
        estimate=estimate_message(encoding.estimate),
    )
    message.person_id = message.person_id or person_id
    return message


def emotion_message(emotion: Emotion) -> msg.EmotionState:
    """Return a fused emotion as a message."""
    return fill(
        msg.EmotionState,
        header=emotion.time,
        person_id=emotion.person_id,
        state=code(STATE_NAMES, emotion.state, "EmotionState.state"),
        present=emotion.present,
        estimate=estimate_message(emotion.estimate),
        uncertainty=emotion.uncertainty,
        contributions=[
            fill(
                msg.Contribution,
                modality=part.modality,
                source=part.source,
                weight=part.weight,
                age=part.age,
                quality=part.quality,
                probabilities=part.probabilities,
                effect=part.effect,
            )
            for part in emotion.contributions
        ],
        strategy=emotion.strategy,
    )


def sampling_message(request: streams.SamplingRequest) -> msg.SamplingRequest:
    """Return a sampling request as a message."""
    return fill(
        msg.SamplingRequest,
        header=request.time,
        modality=request.modality,
        person_id=request.person_id,
        rate=request.rate,
        floor=request.floor,
        ceiling=request.ceiling,
        variation=request.variation,
        reason=request.reason,
    )


def sampling_request(message: msg.SamplingRequest) -> streams.SamplingRequest:
    """Return a message as a sampling request, whatever it asks for."""
    return streams.SamplingRequest(
        seconds(message.header.stamp),
        message.modality,
        message.rate,
        message.floor,
        message.ceiling,
        message.variation,
        message.person_id,
        message.reason,
    )


def group_message(group: Group) -> msg.GroupState:
    """Return how a group feels as a message."""
    return fill(
        msg.GroupState,
        header=group.time,
        present=group.present,
        known=group.known,
        state=code(STATE_NAMES, group.state, "GroupState.state"),
        valence=group.valence,
        arousal=group.arousal,
        spread_valence=group.spread_valence,
        spread_arousal=group.spread_arousal,
        deviating=list(group.deviating),
    )


def emotion(message: msg.EmotionState) -> Emotion:
    """Return an emotion message as plain data; a state out of range is unknown."""
    known = message.state < len(STATE_NAMES)
    return Emotion(
        time=seconds(message.header.stamp),
        state=STATE_NAMES[message.state] if known else UNKNOWN,
        estimate=estimate(message.estimate),
        uncertainty=message.uncertainty,
        contributions=tuple(
            Contribution(
                part.modality,
                part.weight,
                part.age,
                part.quality,
                part.source,
                tuple(map(float, part.probabilities)),
                part.effect,
            )
            for part in message.contributions
        ),
        strategy=message.strategy,
        person_id=message.person_id,
        present=message.present,
    )


def track_message(track: Track | None) -> msg.Track:
    """Return a track as a message; None is the empty track."""
    if track is None:
        return msg.Track()
    return fill(
        msg.Track,
        track_id=track.track_id,
        path=track.path,
        title=track.title,
        artist=track.artist,
        genre=track.genre,
        duration=track.duration,
        tempo=track.tempo,
        mode=track.mode,
        energy=track.energy,
        valence=track.valence,
        arousal=track.arousal,
        dominance=track.dominance,
    )


def track(message: msg.Track) -> Track:
    """Return a track message as plain data, without its content vector."""
    return Track(
        **{
            name: getattr(message, name)
            for name in (
                "track_id", "path", "title", "artist", "genre", "duration", "tempo", "mode",
                "energy", "valence", "arousal", "dominance",
            )
        }
    )  # fmt: skip


def recommendation_message(
    time: float,
    person_id: str,
    recommendation_id: str,
    strategy: str,
    state: str,
    need: Need | None,
    ranked: list[RankedTrack],
) -> msg.Recommendation:
    """Return a recommendation as a message; `time` is that of the emotion it answers."""
    need = need or Need(0.0, 0.0, 0.0, "")
    return fill(
        msg.Recommendation,
        header=time,
        recommendation_id=recommendation_id,
        person_id=person_id,
        strategy=strategy,
        reason=need.reason,
        state=code(STATE_NAMES, state, "Recommendation.state"),
        need_valence=need.valence,
        need_arousal=need.arousal,
        need_dominance=need.dominance,
        tracks=[
            fill(
                msg.RankedTrack,
                track=track_message(item.track),
                score=item.score,
                emotion_match=item.emotion_match,
                preference_match=item.preference_match,
                history_match=item.history_match,
                attention=item.attention,
                propensity=item.propensity,
            )
            for item in ranked
        ],
    )


def outcome_message(outcome: Outcome) -> msg.ListeningOutcome:
    """Return a listening outcome as a message."""
    return fill(
        msg.ListeningOutcome,
        header=outcome.time,
        person_id=outcome.person_id,
        recommendation_id=outcome.recommendation_id,
        track=track_message(outcome.track),
        dwell=outcome.dwell,
        skipped=outcome.skipped,
        interrupted=outcome.interrupted,
        repeats=outcome.repeats,
        rating=outcome.rating,
        before=estimate_message(outcome.before),
        after=estimate_message(outcome.after),
        heart_rate_before=outcome.heart_rate_before,
        heart_rate_after=outcome.heart_rate_after,
        reward=outcome.reward,
        signal_names=outcome.signals,
        signals=outcome.signals,
        learned=outcome.learned,
        attended=outcome.attended,
        rationality=outcome.rationality,
        variation=outcome.variation,
        listen_id=outcome.listen_id,
    )
