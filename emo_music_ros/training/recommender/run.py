# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Train and measure the response model of the recommender."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.recommendation.response import calibration, features, hierarchy
from emo_music_ros.recommendation.response.model import NAME, ResponseModel, load
from emo_music_ros.streams import FloatArray
from emo_music_ros.training.corpora import situnes
from emo_music_ros.training.corpora.situnes import Situnes
from emo_music_ros.training.evaluation.cost import Cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.recommender import baselines as others
from emo_music_ros.training.recommender import fitting, policies, study, tuning
from emo_music_ros.training.recommender.card import response_card
from emo_music_ros.training.recommender.study import Part
from emo_music_ros.training.shared.cards import write_card
from emo_music_ros.training.shared.work import Work

CORPORA = (situnes.NAME,)
METRICS = study.METRICS
NOTE = (
    "30 young adults. The response model, the strengths of its terms and its calibration are "
    "learned from the training rows alone; having no need of validation rows it learns from them "
    "too. In 89 listens of daily life the wrist is said to walk half an hour without a step; "
    "none of these is rated 3 and two thirds are rated 2, so the record tells how the table was "
    "filled in and not what people like. The published figures count these rows, and so does AUC; "
    "the measure beside it leaves them out. Published with situation, same split: AUC .819 (FM), "
    ".817 (Wide & Deep), .812 (AutoInt), .811 (DCN V2), macro-F1 of mood .487."
)
Answer = Callable[[Part], dict[str, FloatArray]]


class Study:
    """Answers of our model, computed once for all questions of a part and kept."""

    def __init__(self, data: Situnes, work: Work, steps: int = tuning.STEPS) -> None:
        self.data = data
        self.work = work
        self.steps = steps

    def ours(self, part: Part) -> dict[str, FloatArray]:
        """Return what the response model answers to the test rows."""
        listens = self.data.listens

        def compute() -> dict[str, FloatArray]:
            known = listens.subset(part.known)
            model = fitting.fit(self.data.tracks, known, steps=self.steps)
            return _answers(model, self.data, part)

        outcomes = [listens.rating, listens.before, listens.after]
        key = [*outcomes, part.known, part.test, self.steps, *_CODE]
        return self.work.recall("recommender part", key, compute)


def _answers(model: ResponseModel, data: Situnes, part: Part) -> dict[str, FloatArray]:
    asked = data.listens.subset(part.test).asked()
    history = data.listens.subset(part.known)
    found = model.with_history(data.tracks, history, asked.people).answer(asked)
    return {
        "liking": found.like[:, None],
        "mood": model.calibration.told(found.chances),
        "valence": found.after[:, :1],
    }


def cost(model: ResponseModel, data: Situnes) -> Cost:
    """Return what it costs to ask about 1,000 tracks for one person in one moment."""
    responses = model.with_history(data.tracks, data.listens)
    moment = responses.moment(data.listens.subset(data.daily[:1]).asked())
    table = np.resize(responses.table.astype(np.float32), (1000, features.TRACK_WIDTH))
    parameters = sum(entry.size for entry in model.shared.values())
    return Cost(
        parameters, 2.0 * table.size * moment.weights.shape[1], lambda: moment.answer(table)
    )


def evaluate(
    data: Path,
    work: Work,
    seed: int = 0,
    leaky: bool = False,
    baselines: bool = False,
    steps: int = tuning.STEPS,
) -> list[Result]:
    """Measure what the response model answers about listens it has not seen.

    Parameters
    ----------
    data : pathlib.Path
        Folder of SiTunes.
    work : Work
        Where finished steps are kept.
    seed : int
        Of what is random.
    leaky : bool
        There is no split that leaks here; ignored.
    baselines : bool
        Also the four networks.
    steps : int
        Of the search for strengths.

    Returns
    -------
    list of Result
        By question and by what is left out.

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    corpus = situnes.load(Path(data))
    ours = Study(corpus, work, steps)
    folds = study.parts(corpus, seed)
    key = [corpus.listens.rating, corpus.listens.before, corpus.listens.after, steps, *_CODE]
    results = []
    for protocol, some in folds.items():
        for name, task in study.tasks(corpus).items():
            rows, parting = study.repeated(corpus, task, some, protocol)
            asked = baselines and name == "liking" and protocol in study.WITH_NETWORKS
            kinds = tuple(others.NETWORKS) if asked else ()
            for candidate in _candidates(ours, name, some, key, kinds, seed):
                result = evaluate_candidate(
                    "recommender", task.name, rows, candidate, parting, work, seed,
                    task.measures, NOTE if candidate.name == "emo_music_ros" else "",
                )  # fmt: skip
                keep = protocol == study.NEW_PEOPLE
                results.append(result if keep else study.without_answers(result))
    return results


def supplement(data: Path, seed: int = 0) -> str:
    """Return what the policies would have earned on listens whose track was drawn at random."""
    entries = policies.evaluate_policies(situnes.load(Path(data)), load(), seed)
    return f"{policies.HEAD}\n{policies.markdown(entries)}\n"


def _candidates(
    ours: Study, task: str, folds: list[Part], key: list[Any], kinds: tuple[str, ...], seed: int
) -> list[Candidate]:
    count = len(ours.data.listens)

    def of(answer: Callable[[Part], FloatArray]) -> Callable[[Rows, Rows, int], FloatArray]:
        def predict(train: Rows, test: Rows, seed: int) -> FloatArray:
            found = {part.test.tobytes(): part for part in folds}
            return study.padded(answer(found[(test % count).tobytes()]))

        return predict

    made = [
        Candidate(
            "emo_music_ros",
            "this project: Gaussian process by hierarchy",
            of(lambda part: ours.ours(part)[task]),
            lambda: cost(load(), ours.data),
            [task, *key],
        ),
        Candidate(
            "emotion before alone",
            "logistic or linear regression",
            of(lambda part: others.emotion_before(ours.data, part)[task]),
            key=[task, *key[:3], others.emotion_before],
        ),
    ]
    for kind in kinds:
        made.append(
            Candidate(
                kind,
                others.NETWORKS[kind],
                of(lambda part, kind=kind: others.network(kind, ours.data, part, seed)),  # type: ignore[misc]
                key=[kind, *key[:3], others.network, others.columns],
            )
        )
    return made


#: Code the answers depend on.
_CODE = (
    *(fitting.fit, fitting.calibrate, tuning.tune, _answers, calibration.Calibration),
    *(features.track_table, features.rows_of, features.moment, hierarchy.TERMS, hierarchy.common),
    *(hierarchy.tastes, hierarchy.learn, features.WAVES, features.WIDTH, features.LATELY),
)


def train(
    data: Path,
    out: Path,
    work: Work,
    seed: int = 0,
    precision: str = "float32",
    steps: int = tuning.STEPS,
) -> dict[str, Any]:
    """Measure the response model, train it on all listens and write it with its card.

    Parameters
    ----------
    data : pathlib.Path
        Folder of SiTunes.
    out : pathlib.Path
        Folder of the models.
    work : Work
        Where finished steps are kept.
    seed : int
        Of what is random.
    precision : str
        The model is a table of numbers with six digits in any.
    steps : int
        Of the search for strengths.

    Returns
    -------
    dict
        Question and protocol -> measures.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the model cannot be written.
    """
    corpus = situnes.load(Path(data))
    names = [corpus.listens.rating, corpus.listens.after, steps, *_CODE]

    def compute() -> dict[str, Any]:
        model = fitting.fit(corpus.tracks, corpus.listens, steps=steps)
        return {"model": np.array(json.dumps(model.plain()))}

    text = str(work.recall("recommender all listens", names, compute)["model"])
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{NAME}.json").write_text(_lines(json.loads(text)), "utf-8")
    results = evaluate(data, work, seed, steps=steps)
    write_card(response_card(results), out)
    return {
        f"{result.task}, {result.protocol}": result.measures
        for result in results
        if result.candidate == "emo_music_ros"
    }


def _lines(content: dict[str, Any]) -> str:
    """Return JSON with one line for every entry."""
    lines = [f" {json.dumps(name)}: {json.dumps(entry)}" for name, entry in content.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"
