"""The command line: run the loop, predict from files, look at plugins, train and evaluate."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from emo_music_ros import __version__, plugins
from emo_music_ros.errors import CompanionError, InputError

MODALITIES = ("face", "speech", "text", "music", "physiology", "eeg")


def predictions(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Return one result per input of ``emo-music predict``.

    Raises
    ------
    InputError
        If there is no input, or the option does not belong to the modality.
    """
    inputs, modality = arguments.input, arguments.modality
    if arguments.npz and modality != "face" or arguments.lines and modality != "text":
        raise InputError("--npz is for face and --lines for text", "Leave the option out")
    if not inputs and not arguments.npz and not arguments.lines:
        raise InputError(f"nothing to predict {modality} from", "Name at least one input")
    module = "predict" if modality == "face" else "encoder"
    # Only this one: each loads its own libraries.
    encoder = import_module(f"emo_music_ros.encoding.{modality}.{module}")
    paths = [Path(name) for name in inputs]
    if modality == "face":
        if arguments.npz:
            yield from encoder.predict_npz(Path(arguments.npz))
        yield from encoder.predict_images(paths)
    elif modality == "speech":
        yield from encoder.predict_audio(paths)
    elif modality == "text":
        yield from encoder.predict_lines([*_lines(arguments.lines), *inputs])
    elif modality == "music":
        yield from encoder.predict_music(paths)
    else:
        one = encoder.predict_e4 if modality == "physiology" else encoder.predict_muse
        for path in paths:
            yield from one(path)


def _lines(name: str) -> list[str]:
    if not name:
        return []
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{name} cannot be read: {error}", "Give a UTF-8 text file") from error
    return text.splitlines()


def predict(arguments: argparse.Namespace) -> int:
    """Print one JSON object per line."""
    failed = False
    for result in predictions(arguments):
        failed |= "error" in result
        print(json.dumps(result, ensure_ascii=False, allow_nan=False), flush=True)
    return int(failed)


def companion(arguments: argparse.Namespace) -> int:
    """Prepare the music library and run the loop."""
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    from emo_music_ros.ros.graph import graph

    began = time.monotonic()
    prepare_library(arguments.library)
    specs = graph(
        input=arguments.input,
        replay=arguments.replay,
        library=arguments.library,
        scenario=arguments.scenario,
        duration=arguments.duration,
        summary=arguments.summary,
    )
    from emo_music_ros.ros.environment import prepare_environment

    prepare_environment(specs)  # before anything loads the middleware
    from emo_music_ros.nodes.companion import run
    from emo_music_ros.resources import share

    files = [share("config", "companion.yaml"), share("config", f"{arguments.scenario}.yaml")]
    files += [Path(name) for name in arguments.params_file]
    ros = ["--ros-args"]
    for path in files:
        ros += ["--params-file", str(path)]
    ros += arguments.ros
    return run(
        specs,
        ["emo-music", *ros],
        lambda: print(f"all nodes started after {time.monotonic() - began:.1f} s", flush=True),
    )


def prepare_library(folder: str) -> None:
    """Analyse what is new in the music library, with a progress bar; trouble is told, not fatal."""
    from tqdm import tqdm

    from emo_music_ros.recommendation.library.folder import FolderCatalogue

    where = f"'{folder}'" if folder else "built-in, rendered on the first run (minutes)"
    print(f"music library: {where}", flush=True)
    bar = tqdm(unit="piece", leave=False, disable=None, file=sys.stdout)

    def progress(done: int, total: int, name: str) -> None:
        bar.total = total
        bar.set_description(f"music library: {name[:40]}", refresh=False)
        bar.update(done - bar.n)

    try:
        catalogue = FolderCatalogue(FolderCatalogue.Options(path=folder))
        report = catalogue.scan(progress)
        bar.close()
        print(f"music library: {len(catalogue.tracks())} pieces, {report.added} new", flush=True)
        for path, reason in report.unreadable.items():
            print(f"left out of the library: {path}: {reason}", flush=True)
    except CompanionError as error:
        bar.close()
        print(f"music library: {error}", file=sys.stderr, flush=True)


def list_plugins(arguments: argparse.Namespace) -> int:
    """Print every installed plugin by stage, and whether it can be imported."""
    for stage in plugins.GROUPS:
        for name, point in sorted(plugins.available(stage).items()):
            try:
                plugins.find(stage, name)
                note = ""
            except CompanionError as error:
                note = f"  BROKEN: {error}"
            print(f"{stage:<12} {name:<14} {point.value}{note}")
    return 0


def reference(arguments: argparse.Namespace) -> int:
    """Print the parameters of every node and plugin as Markdown."""
    from emo_music_ros.ros.reference import markdown

    print(markdown(), end="")
    return 0


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
    module = training(arguments.modality)
    from emo_music_ros.training.shared.work import Work, default_folder

    work = Work(Path(arguments.work or default_folder()), frozen=arguments.command == "export")
    chosen = {"precision": arguments.precision} if arguments.precision else {}
    metrics = module.train(
        Path(arguments.data), Path(arguments.out), work, seed=arguments.seed, **chosen
    )
    print(json.dumps(metrics, indent=1, ensure_ascii=False, default=float))
    return 0


def evaluate(arguments: argparse.Namespace) -> int:
    """Measure one modality on people it never saw; print tables, keep them on request."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    module = training(arguments.modality)
    from emo_music_ros.training.shared import report
    from emo_music_ros.training.shared.work import Work, default_folder

    results = module.evaluate(
        Path(arguments.data),
        Work(Path(arguments.work or default_folder())),
        seed=arguments.seed,
        leaky=arguments.leaky,
        baselines=arguments.baselines,
    )
    print(report.print_results(results))
    if arguments.save:
        report.save(Path(arguments.save), arguments.modality, results, module.CORPORA)
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="emo-music", description=__doc__)
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = commands.add_parser("companion", help="run the whole loop in one process")
    one.add_argument("--input", choices=("auto", "devices", "demo", "replay"), default="auto")
    one.add_argument("--replay", default="", help="folder or MCAP recording for --input replay")
    one.add_argument("--library", default="", help="folder of music; default: the built-in library")
    one.add_argument("--scenario", choices=("home", "daycare", "group"), default="home")
    one.add_argument("--duration", type=float, default=90.0, help="seconds; 0 = until Ctrl-C")
    one.add_argument("--summary", default="", help="file for the summary JSON")
    one.add_argument("--params-file", action="append", default=[], help="ROS parameter file")
    one.add_argument("--ros", nargs=argparse.REMAINDER, default=[], help="further ROS arguments")
    one.set_defaults(run=companion)

    one = commands.add_parser("predict", help="emotion from files, one JSON object per line")
    one.add_argument("modality", choices=MODALITIES)
    one.add_argument("input", nargs="*", help="files, folders (physiology) or strings (text)")
    one.add_argument("--npz", default="", help="face: file with an array `images`")
    one.add_argument("--lines", default="", help="text: file with one text a line, - = stdin")
    one.set_defaults(run=predict)

    one = commands.add_parser("plugins", help="list the installed plugins")
    one.set_defaults(run=list_plugins)

    one = commands.add_parser("reference", help="print all parameters as Markdown")
    one.set_defaults(run=reference)

    for name, text in (
        ("train", "train one model from a corpus, with its evaluation and card"),
        ("export", "write the network of a finished training again"),
    ):
        one = commands.add_parser(name, help=text)
        one.add_argument("modality", choices=MODALITIES)
        one.add_argument("--data", required=True, help="folder of the corpus")
        one.add_argument("--out", default="models", help="folder for the model")
        one.add_argument(
            "--precision", choices=("float32", "int8"), default="", help="default: as shipped"
        )
        _add_work(one)
        one.set_defaults(run=train)

    one = commands.add_parser("evaluate", help="measure a modality on people it never saw")
    one.add_argument("modality", choices=(*MODALITIES, "elder"))
    one.add_argument("--data", required=True, help="folder of the corpus")
    one.add_argument("--leaky", action="store_true", help="also the random split that leaks")
    one.add_argument("--baselines", action="store_true", help="also the papers' networks and peers")
    one.add_argument("--save", default="", help="folder for results/<modality>.json and results.md")
    _add_work(one)
    one.set_defaults(run=evaluate)
    return top


def _add_work(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, default=0)
    command.add_argument(
        "--work", default="", help="folder of finished steps, from which a run goes on"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error is one line on standard error and exit code 2."""
    chosen = parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except CompanionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
