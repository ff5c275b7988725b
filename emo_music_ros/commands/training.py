# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music train``, ``export`` and ``evaluate``: how the models are made and measured."""

from __future__ import annotations

import argparse
import json
import logging
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from emo_music_ros.commands.predict import FUSION, MODALITIES
from emo_music_ros.errors import InputError

#: What is said to the robot; its module is called after what it measures.
CONVERSATION = "conversation"
#: Whose voice it is.
VOICE = "voice"
#: What is measured as a report; the last has no model of its own.
REPORTS = (CONVERSATION, VOICE, "echo")
_FOLDERS = {CONVERSATION: "talking"}
#: What else is trained: `listeners` is what simulated people are drawn from.
_OTHERS = ("recommender", "listeners", CONVERSATION, VOICE)


def training(modality: str) -> Any:
    """Return the training module of a modality, its libraries on one thread.

    Raises
    ------
    InputError
        If the packages for training are not installed.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        return import_module(f"emo_music_ros.training.{modality}.run")
    except ImportError as error:
        raise InputError(
            f"training needs packages that running does not: {error}",
            "Install them: .venv/bin/pip install -r requirements/train.txt",
        ) from error


def train(arguments: argparse.Namespace) -> int:
    """Train one model from a corpus, or only export it again; write network and card."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    module = training(_FOLDERS.get(arguments.modality, arguments.modality))
    from emo_music_ros.training.shared.work import Work, default_folder

    work = Work(Path(arguments.work or default_folder()), frozen=arguments.command == "export")
    chosen = {"precision": arguments.precision} if arguments.precision else {}
    metrics = module.train(
        Path(arguments.data), Path(arguments.out), work, seed=arguments.seed, **chosen
    )
    print(json.dumps(metrics, indent=1, ensure_ascii=False, default=float))
    return 0


def evaluate(arguments: argparse.Namespace) -> int:
    """Measure one modality on people it never saw; print tables, keep them on request.

    With ``--from`` the figures are computed from answers that were kept.

    Raises
    ------
    InputError
        If neither or both of ``--data`` and ``--from`` are given, one cannot be read, or a modality
        has no ablations.
    """
    if arguments.modality in REPORTS:
        return _measure(arguments)
    one_of_two = bool(arguments.data) != bool(arguments.answers)
    if not one_of_two and not (arguments.ablations and not arguments.answers):
        raise InputError(
            "measuring takes either a corpus or answers that were kept",
            "Give --data FOLDER or --from docs",
        )
    if arguments.ablations and arguments.answers:
        raise InputError("ablations are trained anew", "Leave --from or --ablations out")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    module = training(arguments.modality)
    from emo_music_ros.training.shared import report
    from emo_music_ros.training.shared.work import Work, default_folder

    if arguments.answers:
        kept = Path(arguments.answers)
        entries = report.again(kept, arguments.modality, getattr(module, "METRICS", {}))
        print(report.tables(entries))
        if arguments.save:
            report.save_entries(Path(arguments.save), arguments.modality, entries, module.CORPORA)
        return 0

    work = Work(Path(arguments.work or default_folder()))
    if arguments.ablations:
        if not hasattr(module, "ablate"):
            raise InputError(
                f"{arguments.modality} has no ablations", "Leave --ablations out, or name fusion"
            )
        results = module.ablate(work, seed=arguments.seed)
    else:
        results = module.evaluate(
            Path(arguments.data),
            work,
            seed=arguments.seed,
            leaky=arguments.leaky,
            baselines=arguments.baselines,
        )
    print(report.print_results(results))
    more = ""
    if hasattr(module, "supplement") and not arguments.ablations:
        more = module.supplement(Path(arguments.data), seed=arguments.seed)
        print(more)
    if arguments.save:
        report.save(Path(arguments.save), arguments.modality, results, module.CORPORA)
        if more:
            report.write(Path(arguments.save) / "policies.md", more)
    return 0


def _measure(arguments: argparse.Namespace) -> int:
    """Measure what is no answer about people: print the report, write it on request."""
    if not arguments.data:
        raise InputError("measuring takes a folder of sound", "Give --data FOLDER")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parts = []
    module = training(_FOLDERS.get(arguments.modality, arguments.modality))
    from emo_music_ros.training.shared.work import Work, default_folder

    work = Work(Path(arguments.work or default_folder()))
    for part in module.measure(Path(arguments.data), seed=arguments.seed, work=work):
        print(f"{part}\n", flush=True)
        parts.append(part.strip())
    if arguments.save:
        from emo_music_ros.training.shared import report

        path = Path(arguments.save) / "results" / f"{arguments.modality}.md"
        report.write(path, "\n\n".join(parts) + "\n")
    return 0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the command line."""
    for name, text in (
        ("train", "train one model from a corpus, with its evaluation and card"),
        ("export", "write the network of a finished training again"),
    ):
        one = commands.add_parser(name, help=text)
        one.add_argument("modality", choices=(*MODALITIES, FUSION, *_OTHERS))
        one.add_argument("--data", required=True, help="folder of the corpus")
        one.add_argument("--out", default="models", help="folder for the model")
        one.add_argument(
            "--precision", choices=("float32", "int8"), default="", help="default: as shipped"
        )
        _add_work(one)
        one.set_defaults(run=train)

    one = commands.add_parser("evaluate", help="measure a modality on people it never saw")
    one.add_argument(
        "modality",
        choices=(
            *(*MODALITIES, FUSION, "sampling", "adaptation"),
            *("elder", "recommender", *REPORTS),
        ),
    )
    one.add_argument("--data", default="", help="folder of the corpus")
    one.add_argument(
        "--from",
        dest="answers",
        default="",
        help="compute the figures again from the answers that --save kept in this folder",
    )
    one.add_argument("--leaky", action="store_true", help="also the random split that leaks")
    one.add_argument("--baselines", action="store_true", help="also the papers' networks and peers")
    one.add_argument(
        "--ablations",
        action="store_true",
        help="instead: what each part of the networks is worth (fusion)",
    )
    one.add_argument(
        "--save", default="", help="folder for results/<modality>.json, the answers and results.md"
    )
    _add_work(one)
    one.set_defaults(run=evaluate)


def _add_work(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, default=0)
    command.add_argument(
        "--work", default="", help="folder of finished steps, from which a run goes on"
    )
