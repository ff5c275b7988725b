# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The model cards of the models of music."""

from __future__ import annotations

from emo_music_ros.encoding.music.model import FEATURE_SETS
from emo_music_ros.training.corpora import emotify
from emo_music_ros.training.music.candidates import WindowAnswers
from emo_music_ros.training.music.lessons import INNER, VARIANTS, Material
from emo_music_ros.training.music.models import Learner
from emo_music_ros.training.music.recordings import RELEASES
from emo_music_ros.training.shared.cards import Card, Figure

#: Where dominance is from, by whether the model has an output for it.
DOMINANCE = {
    True: (
        "its output learnt it from words: those of the quadrants for VGMIDI, those that listeners "
        "chose for Emotify, each with its dominance in the table of Russell & Mehrabian (1977)"
    ),
    False: "it is taken from the words of the quadrants",
}
#: What the card of each model says of it.
_WORDS = {
    "music": (
        "Valence and arousal that ten seconds of music express, as probabilities of the four "
        "quadrants, and apart from them the share of listeners that would feel each of nine "
        "emotions, and would like the music. It says nothing about one person.",
        "perceptrons of one hidden layer with tanh units, their logits averaged; the genre is "
        "learnt beside and not answered",
    ),
    "music_forest": (
        "The Random Forest of paper B, for those who want to compare: quadrant that ten seconds "
        "of music express. `music` is better, see its card.",
        "Random Forest of 100 trees (Gini impurity, bagging) on averages of MFCC, chroma, spectral "
        "contrast, zero-crossing rate and tempo; which statistics paper B took is assumed",
    ),
    "music_cnn": (
        "The one-dimensional convolutional network of paper E, for those who want to compare: "
        "valence, arousal and dominance that ten seconds of music express. A miniature: the paper "
        "trained on a corpus of its own.",
        "two convolutions of width 5 and 5 channels over 194 features, 1024 hidden units, dropout "
        "0.5, three outputs; eleven of the fourteen kinds of features are assumed, and its outputs "
        "are shares instead of three levels",
    ),
}


def model_card(
    name: str,
    learner: Learner,
    material: Material,
    figures: list[Figure],
    trained: WindowAnswers,
    moved: str,
) -> Card:
    """Return the card of one of the shipped models; `moved` is how far its answers move."""
    tracks = material.tracks
    older = int(tracks.older_listeners.sum())
    purpose, architecture = _WORDS[name]
    setting = dict(learner.settings[int(trained["setting"])])
    choices = "; ".join(str(dict(each)) for each in learner.settings)
    return Card(
        name=name,
        purpose=purpose,
        data=(
            f"VGMIDI (Ferreira & Whitehead, 2019): {len(material.corpus)} labelled phrases and "
            f"{len(material.pieces.files)} piano pieces from video games with the continuous "
            f"ratings of {material.pieces.listeners} listening sessions, rendered with the sound "
            f"font TimGM6mb; every piece in {1 + VARIANTS} performances, the first as written, the "
            "others with other instruments, tempo (±10 %), key (±4 semitones), room and loudness. "
            f"Emotify (Aljanaki, Wiering & Veltkamp, 2016): 10 s of {len(tracks)} real recordings "
            f"(classical, electronic, pop, rock) with {int(tracks.listeners.sum())} answers of "
            f"listeners, {older} of them of listeners over {emotify.OLDER}; "
            f"{tracks.left_out} answers with an impossible age are left out. Every track in "
            f"{len(RELEASES)} releases: {', '.join(RELEASES)}. Its axes are derived: valence is "
            "joyful activation less sadness, arousal the mean of joyful activation, power and "
            "tension less that of calmness and tenderness, both standardised."
        ),
        licence=(
            "Research only: the pieces of VGMIDI are commercial compositions, the recordings of "
            "Emotify (Magnatune) are CC BY-NC-SA, its annotations for research. Neither the music "
            "nor renderings of it are distributed."
        ),
        split=(
            f"Leave one series of games out, {material.corpus.count} series, and with it the "
            "tracks of Emotify dealt to it, evenly by genre; all figures are on series and tracks "
            "the model never heard. Tracks divisible by five were never used. Inside every fold "
            "the setting and the temperatures were chosen by "
            f"{INNER} folds by series among the others. Settings to choose from: {choices}; which "
            "these are, how much recordings weigh beside renderings, and which kinds of features "
            "there are was decided by trials in four and five folds of the same corpora, so the "
            "figures may be a little too high. The shipped model is trained on everything, with "
            f"the setting that the same choice among all gives: {setting}."
        ),
        network=(
            f"{len(learner.columns or FEATURE_SETS[learner.features].names)} features of timbre, "
            "harmony and rhythm that do not depend on the playback level; "
            f"{architecture}; {int(trained['parameters'])} parameters. Dominance is rated in no "
            f"corpus here; {DOMINANCE['dominance' in learner.knows]}."
        ),
        figures=figures,
        limits=(
            "Recordings are 10 s of each track in four genres; its listeners heard a minute. "
            "Folk, jazz, hymns and music before 1990 are outside of what was measured.",
            "What people felt is spread widely: the mean answer of about 20 listeners a track is "
            "itself uncertain, most for amazement and liking, where half of the listeners predict "
            "the other half with a correlation of 0.15.",
            "Instruments other than the piano are heard less well in renderings, see the table.",
            "Two thirds of the phrases have positive valence; the classes were weighted equally, "
            "so an output of zero is the middle of this corpus, not of all music.",
            f"Most listeners were young: of Emotify {older} answers are of people over "
            f"{emotify.OLDER}, of VGMIDI few from 55 years; their figures rest on one or two "
            "ratings a track or piece. Figures by sex and age are those of the "
            "ratings over time; who labelled a phrase is not known.",
            "Sad and peaceful music with little activity are told apart mainly by mode and "
            "harmony, and mixed up often.",
            "A linear regression on the features of `music` is nearly as good as its network: the "
            "corpora are small, and the features carry the result.",
        ),
        extra={
            "How far an answer moves": (
                "Change of valence and arousal (-1..1) of a track when the same music is louder, "
                "quieter, encoded otherwise or cut, by models that never heard the track.\n\n"
                + moved
            )
        },
        reproduce="emo-music train music --data DATA --out models",
    )
