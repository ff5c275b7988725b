"""The model cards of the models of music."""

from __future__ import annotations

from emo_music_ros.encoding.music.encoder import FEATURE_SETS
from emo_music_ros.training.music.candidates import WindowAnswers
from emo_music_ros.training.music.lessons import INNER, VARIANTS, Material
from emo_music_ros.training.music.models import Learner
from emo_music_ros.training.shared.cards import Card, Figure

#: What the card of each model says of it.
_WORDS = {
    "music": (
        "Valence and arousal that ten seconds of music express to listeners, as probabilities of "
        "the four quadrants. It says nothing about what a listener feels.",
        "perceptrons of one hidden layer with tanh units, their logits averaged",
    ),
    "music_forest": (
        "The Random Forest of paper B, for those who want to compare: quadrant that ten seconds "
        "of music express. `music` is better, see its card.",
        "Random Forest of 100 trees (Gini impurity, bagging) on averages of MFCC, chroma, spectral "
        "contrast, zero-crossing rate and tempo; which statistics paper B took is assumed",
    ),
    "music_cnn": (
        "The one-dimensional convolutional network of paper E, for those who want to compare: "
        "valence and arousal that ten seconds of music express.",
        "two convolutions of width 5 and 5 channels over 194 features, 1024 hidden units, dropout "
        "0.5; eleven of the fourteen kinds of features, and two outputs for valence and arousal "
        "instead of three, are assumed",
    ),
}


def model_card(
    name: str,
    learner: Learner,
    material: Material,
    figures: list[Figure],
    trained: WindowAnswers,
) -> Card:
    """Return the card of one of the shipped models."""
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
            "others with other instruments, tempo (±10 %) and key (±4 semitones)."
        ),
        licence=(
            "Research only: the pieces are commercial compositions. Neither the MIDI files nor "
            "renderings of them are distributed."
        ),
        split=(
            f"Leave one series of games out, {material.corpus.count} series; all figures are on "
            "series the model never heard. Inside every fold the setting and the temperatures "
            f"were chosen by {INNER} folds by series among the other series, so no figure was "
            f"used to choose. Settings to choose from: {choices}. The shipped model is trained "
            f"on all series, with the setting that the same choice among all gives: {setting}."
        ),
        network=(
            f"{len(learner.columns or FEATURE_SETS[learner.features].names)} features of timbre, "
            "harmony and rhythm that do not depend on the playback level; "
            f"{architecture}; {int(trained['parameters'])} parameters. Dominance is not rated in "
            "the corpus; it is taken from the words of the quadrants."
        ),
        figures=figures,
        limits=(
            "Piano arrangements of game music rendered from MIDI: recordings, singing and dense "
            "productions are outside of what was measured.",
            "Other instruments are heard less well than the piano, see the table.",
            "Two thirds of the phrases have positive valence; the classes were weighted equally, "
            "so an output of zero is the middle of this corpus, not of all music.",
            "Most listeners were below 55 and from the United States; the figures for listeners "
            "from 55 years rest on few ratings a piece. Figures by sex and age are those of the "
            "ratings over time; who labelled a phrase is not known.",
            "Sad and peaceful music with little activity are told apart mainly by mode and "
            "harmony, and mixed up often.",
            "A logistic regression on the features of `music` is about as good as its network: "
            "the corpus is small, and the features carry the result.",
        ),
        reproduce="emo-music train music --data DATA --out models",
    )
