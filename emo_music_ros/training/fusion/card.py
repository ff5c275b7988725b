"""The model card of the learned fusion."""

from __future__ import annotations

from collections.abc import Sequence

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.classes import CLASSES
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.fusion.calibration import Calibration
from emo_music_ros.training.fusion.stitched import LESSONS, StitchedStudy
from emo_music_ros.training.shared.cards import Card, Figure, markdown_table


def model_card(
    results: Sequence[Result], study: StitchedStudy, found: Calibration, parameters: int
) -> Card:
    """Return the card of the network."""
    figures = []
    for one in results:
        for figure in one.figures():
            named = f"{one.task}: {figure.name}"
            figures.append(
                Figure(named, figure.value, figure.baseline, figure.low, figure.high, figure.scope)
            )
    states = results[0]
    recall = metrics.recalls(states.truth, states.probabilities.argmax(axis=1), len(STATES))
    sources = "\n".join(
        f"- {one.name}: {len(one.truth)} answers, {len(set(one.group.tolist()))} groups, half-life "
        f"{one.half_life:g} s"
        for one in study.sources
    )
    return Card(
        "fusion",
        "From what face, voice and words each say of the basic emotions to one of four states "
        f"({', '.join(STATES)}) with a calibrated chance, or to unknown. Takes what is missing, "
        "late or poor. A tendency, no diagnosis.",
        f"Recorded answers of the encoders ({study.about}; models/answers.md), put together by "
        f"emotion: {LESSONS} moments, a third of the modalities missing, a third late, some poor, "
        f"some of another emotion.\n\n{sources}",
        "Research only, as the corpora of the answers.",
        "Stitched moments: in four parts by person (voice) or item (face, words); a part is "
        "answered by a network of the other three, calibrated inside them. Real pairs: five folds "
        "by actor; there a network of the same design learns what the classifiers of other actors "
        "say.",
        f"For every modality a linear reader of {len(CLASSES)} log probabilities, blended with "
        "knowing nothing by learned reliability, quality and age, multiplied under a learned "
        f"prior; {parameters} parameters. It also gives how well one common emotion explains what "
        "was said, from which contradiction is told.",
        figures,
        [
            "The modalities of a stitched moment are of different people, so their errors are "
            "independent given the emotion. In one person they are not: expect less.",
            "How long an answer holds (half-life) is an assumption, not measured.",
            "Corpora of acted or chosen emotions of mostly young adults; nothing is known of how "
            "it does on older people.",
            "Embeddings are not used.",
            "Body signals, EEG, behaviour and modalities of third parties are not learned; they "
            "join by a reliability that is set.",
        ],
        "emo-music train fusion --data FOLDER --out models",
        {
            "By state, stitched": markdown_table(("state", "recall"), list(zip(STATES, recall))),
            "Calibration": markdown_table(
                ("pieces of evidence", "temperature", "credible from", "contradictory from [nats]"),
                [
                    (name, *(float(column[level]) for column in vars(found).values()))
                    for level, name in enumerate(("one", "two", "three and more"))
                ],
            ),
        },
    )
