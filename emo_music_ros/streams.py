# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What flows between the stages, as plain data without ROS.

All times are acquisition times in unix seconds. `source` says where a signal came from:
``live:<device>``, ``recorded:<file or corpus>`` or ``simulated:<model>``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]

#: What a source begins with.
ORIGINS = ("live:", "recorded:", "simulated:")
#: Kind of a biosignal -> its unit.
UNITS = {
    "eeg": "uV",
    "ecg": "mV",
    "ppg": "a.u.",
    "eda": "uS",
    "respiration": "a.u.",
    "temperature": "degC",
    "acceleration": "g",
}


@dataclass(frozen=True)
class ImageFrame:
    """One picture: uint8 [height, width, 3] in BGR, or [height, width] grey.

    `face` is the id of the face that it is the crop of, empty for a whole picture, and `person_id`
    whose face that is.
    """

    time: float
    image: NDArray[np.uint8]
    source: str = ""
    face: str = ""
    person_id: str = ""


def picture_source(frame_id: str, said: str) -> str:
    """Return where a picture came from; empty = unknown.

    Parameters
    ----------
    frame_id : str
        Frame of the picture. Before the topic ``camera/source`` there was, it held the source.
    said : str
        What ``camera/source`` says; empty = nothing came.
    """
    return frame_id if frame_id.startswith(ORIGINS) else said


#: Lowest and highest rate of sound [Hz]: half that of a telephone, twice that of a studio.
AUDIO_RATES = (4000, 384_000)


@dataclass(frozen=True)
class AudioBlock:
    """Consecutive samples: float32 [samples] mono, -1..1; `time` is that of the first one."""

    time: float
    samples: FloatArray
    sample_rate: int
    first_sample: int = 0
    dropped: int = 0
    source: str = ""

    @property
    def duration(self) -> float:
        """How long it lasts [s]."""
        return len(self.samples) / self.sample_rate

    @property
    def usable(self) -> bool:
        """Whether its rate is that of sound."""
        return AUDIO_RATES[0] <= self.sample_rate <= AUDIO_RATES[1]


@dataclass(frozen=True)
class BiosignalBlock:
    """Consecutive samples: float32 [samples, channels]; `time` is that of the first one.

    `kind` is one of `UNITS`, and its unit unless `units` says otherwise.
    """

    time: float
    kind: str
    samples: FloatArray
    rate: float
    channels: tuple[str, ...]
    units: tuple[str, ...] = ()
    first_index: int = 0
    dropped: int = 0
    clock_offset: float = 0.0
    source: str = ""

    @property
    def duration(self) -> float:
        """How long it lasts [s]."""
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class Utterance:
    """One thing said or typed; `time` is when it ended."""

    time: float
    text: str
    language: str = ""
    confidence: float = 1.0
    person_id: str = ""
    source: str = ""


#: Actions of an Interaction that are reports of the player or formalities, no acts of a person,
#: and those that are acts.
REPORTS = frozenset({"track_started", "track_finished", "consent"})
ACTS = frozenset(
    {"play", "pause", "resume", "stop", "next", "repeat", "seek", "volume", "rate", "select"}
)


@dataclass(frozen=True)
class Interaction:
    """One act of a person or report of the player; `action` is a name such as ``next``.

    Names are those of the message constants in lower case: play, pause, resume, stop, next,
    repeat, seek, volume, rate, track_started, track_finished, consent, select.
    """

    time: float
    action: str
    track_id: str = ""
    value: float = 0.0
    position: float = 0.0
    person_id: str = ""
    source: str = ""


#: Anything a source plugin can deliver.
Sample = ImageFrame | AudioBlock | BiosignalBlock | Utterance | Interaction


@dataclass(frozen=True)
class Estimate:
    """What a model believes: probabilities [labels] and the circumplex, -1..1, NaN = unknown.

    `credible` are the labels of a calibrated set that holds the truth in nine of ten cases: all of
    them means "does not know", none that the model is not calibrated in this way.
    """

    labels: tuple[str, ...]
    probabilities: FloatArray
    valence: float
    arousal: float
    dominance: float
    confidence: float
    quality: float = 1.0
    credible: tuple[str, ...] = ()


@dataclass(frozen=True)
class Encoding:
    """What an encoder made of one window; `time` is that of the newest sample used."""

    modality: str
    time: float
    window_start: float
    estimate: Estimate
    embedding: FloatArray
    features: dict[str, float] = field(default_factory=dict)
    source: str = ""
    person_id: str = ""


@dataclass(frozen=True)
class Contribution:
    """How one modality entered a state; weights of one state sum to 1, or are 0 when unknown.

    `probabilities` is what it says of the states [4], and `effect` how far it moved the result,
    0..1 (:func:`emo_music_ros.fusion.explanation.effects`), NaN where nobody asked.
    """

    modality: str
    weight: float
    age: float
    quality: float
    source: str = ""
    probabilities: tuple[float, ...] = ()
    effect: float = math.nan


@dataclass(frozen=True)
class Emotion:
    """The fused emotion of one person; `state` is one of emotion.STATES or ``unknown``.

    `present` says whether somebody is there; it is no state: somebody who is there may feel
    anything, and nobody feels nothing.
    """

    time: float
    state: str
    estimate: Estimate
    uncertainty: float
    contributions: tuple[Contribution, ...]
    strategy: str
    person_id: str = ""
    present: bool = False


@dataclass(frozen=True)
class Group:
    """How several people feel together; fields and ranges as in GroupState.msg."""

    time: float
    present: int
    known: int
    state: str
    valence: float
    arousal: float
    spread_valence: float
    spread_arousal: float
    deviating: tuple[str, ...]


@dataclass(frozen=True)
class SamplingRequest:
    """How often source and encoder of a modality are asked to work; ranges as in its message.

    `variation` is NaN where it is not known yet, `person_id` empty where nobody's signal led to it.
    """

    time: float
    modality: str
    rate: float
    floor: float
    ceiling: float
    variation: float = math.nan
    person_id: str = ""
    reason: str = ""


@dataclass(frozen=True)
class MusicDescription:
    """What a whole piece sounds like. Ranges as in Track.msg; `estimate` is that of its mood.

    `timbre` is the mean MFCC [13], `harmony` the chroma [12] counted from the tonic, 0..1. Silence
    has no probabilities.
    """

    duration: float
    tempo: float
    mode: float
    energy: float
    timbre: FloatArray
    harmony: FloatArray
    estimate: Estimate


@dataclass(frozen=True)
class Track:
    """One analysed piece of music. Ranges as in Track.msg; `features` is its content vector.

    `own` marks music of the person's own life; `tempo` and `year` are 0 and `language` is empty
    where they are not known. `derived` = nobody listened to it: its place is that of the words its
    source has for it, energy and mode are 0 and most features NaN. `number` is the place on
    the album, where neighbours differ by 1; 0 = not known. Loudness is that of EBU R128, NaN = not
    measured: `loudness` of the whole, `loudest` of its loudest 400 ms [LUFS], `peak` the true peak
    [dB of full scale].
    """

    track_id: str
    path: str
    title: str = ""
    artist: str = ""
    genre: str = ""
    duration: float = 0.0
    tempo: float = 0.0
    mode: float = 0.0
    energy: float = 0.0
    valence: float = 0.0
    arousal: float = 0.0
    dominance: float = 0.0
    features: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    own: bool = False
    year: int = 0
    language: str = ""
    derived: bool = False
    album: str = ""
    number: int = 0
    loudness: float = math.nan
    loudest: float = math.nan
    peak: float = math.nan


@dataclass(frozen=True)
class Outcome:
    """What happened while one track was played; ranges as in ListeningOutcome.msg.

    `reward` is NaN where there was nothing to judge by, `signals` are the parts it was made of
    and `attended` the share of the listen in which somebody was there.
    """

    time: float
    person_id: str
    track: Track
    dwell: float
    skipped: bool
    interrupted: bool
    repeats: int
    rating: float
    before: Estimate
    after: Estimate
    heart_rate_before: float
    heart_rate_after: float
    reward: float
    recommendation_id: str = ""
    signals: dict[str, float] = field(default_factory=dict)
    learned: bool = False
    attended: float = 0.0
    state: str = ""
    rationality: float = float("nan")
    variation: float = float("nan")
    listen_id: int = 0
