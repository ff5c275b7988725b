# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music predict``: emotion from files, and what music is expected to do."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from emo_music_ros.encoding.shared.results import each, file, unanswered
from emo_music_ros.errors import InputError

Judge = Callable[[Iterable[str]], Iterator[dict[str, Any]]]

MODALITIES = ("face", "speech", "text", "music", "physiology", "eeg")
FUSION = "fusion"
RESPONSE = "response"


def predictions(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Return the results of every input; of one that cannot be judged `input` and `error`.

    Raises
    ------
    InputError
        If there is no input, or the option does not belong to the modality.
    """
    inputs, modality = arguments.input, arguments.modality
    if arguments.posteriors and modality != FUSION:
        raise InputError("--posteriors is for fusion", "Leave the option out")
    if modality == RESPONSE:
        yield from _responses(arguments)
        return
    if arguments.data or arguments.history:
        raise InputError("--data and --history are for response", "Leave the option out")
    if arguments.npz and modality != "face" or arguments.lines and modality != "text":
        raise InputError("--npz is for face and --lines for text", "Leave the option out")
    if modality == FUSION:
        yield from _fused(arguments)
        return
    if not inputs and not arguments.npz and not arguments.lines:
        raise InputError(f"nothing to predict {modality} from", "Name at least one input")
    module = "predict" if modality == "face" else "encoder"
    # Only this one: each loads its own libraries.
    encoder = import_module(f"emo_music_ros.encoding.{modality}.{module}")
    paths = [Path(name) for name in inputs]
    if modality == "face":
        if arguments.npz:
            judge = partial(encoder.predict_npz, network=arguments.network)
            yield from each([arguments.npz], judge)
        yield from encoder.predict_images(paths, arguments.network)
    elif modality == "speech":
        yield from encoder.predict_audio(paths)
    elif modality == "text":
        if arguments.lines:
            name = "standard input" if arguments.lines == "-" else arguments.lines
            yield from each(
                [name], lambda _: _texts(_lines(arguments.lines), encoder.predict_lines)
            )
        yield from _texts(inputs, encoder.predict_lines)
    elif modality == "music":
        yield from encoder.predict_music(paths)
    else:
        one = encoder.predict_e4 if modality == "physiology" else encoder.predict_muse
        for path in paths:
            yield from one(path)


def _fused(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Return one result for every line of answers, then for every second of recordings."""
    from emo_music_ros import plugins
    from emo_music_ros.fusion.posteriors import predict_posteriors

    if not arguments.posteriors and not arguments.input:
        raise InputError("nothing to fuse", "Name a recording or give --posteriors FILE.jsonl")
    fusion = plugins.create("fusion", arguments.strategy)
    if arguments.posteriors:
        yield from predict_posteriors(_lines(arguments.posteriors), fusion)
    for name in arguments.input:
        from emo_music_ros.commands.fused_recording import predict_recording

        yield from predict_recording(Path(name), fusion, arguments.strategy)


def _responses(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    if not arguments.data or arguments.input or arguments.npz or arguments.lines:
        raise InputError("response takes its listens from --data", "Give --data FOLDER")
    from emo_music_ros.recommendation.response.predict import predict_folder

    yield from predict_folder(Path(arguments.data), [Path(name) for name in arguments.history])


def _lines(name: str) -> list[str]:
    """Return the lines of a file or of standard input; bytes that are no text as surrogates."""
    if not name:
        return []
    try:
        content = sys.stdin.buffer.read() if name == "-" else file(name).read_bytes()
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error}", "Give a UTF-8 text file") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    # Not `splitlines`, to which other signs such as U+2028 end a line too.
    lines = re.split("\r\n|\n|\r", text)
    return lines[:-1] if lines[-1] == "" else lines


def _texts(lines: Iterable[str], judge: Judge) -> Iterator[dict[str, Any]]:
    """Yield the results of lines; of one that is no text why there is none."""
    for text, group in groupby(
        lines, lambda line: not any("\ud800" <= c <= "\udfff" for c in line)
    ):
        if text:
            yield from judge(group)
        else:
            yield from (unanswered(line, "is no UTF-8 text. Write it in UTF-8") for line in group)


def written(result: dict[str, Any], encoding: str) -> str:
    """Return a result as one line of JSON that can be written in an encoding.

    Bytes of a file name that are no UTF-8 stay what they are: as a low surrogate each, which Python
    reads back into the name.
    """
    text = json.dumps(result, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return json.dumps(result, allow_nan=False)
    return text


def predict(arguments: argparse.Namespace) -> int:
    """Print one JSON object per line."""
    failed = False
    for result in predictions(arguments):
        failed |= "error" in result
        print(written(result, sys.stdout.encoding or "ascii"), flush=True)
    return int(failed)


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser("predict", help="emotion from files, one JSON object per line")
    one.add_argument("modality", choices=(*MODALITIES, FUSION, RESPONSE))
    one.add_argument(
        "input",
        nargs="*",
        help="files, folders (physiology, recordings for fusion) or strings (text)",
    )
    one.add_argument(
        "--posteriors",
        default="",
        help="fusion: file with the answers of all modalities to one moment a line, - = stdin",
    )
    one.add_argument("--strategy", default="learned", help="fusion: the plugin that joins them")
    one.add_argument("--npz", default="", help="face: file with an array `images`")
    one.add_argument(
        "--network",
        choices=("face", "face_large", "face_vgg19"),
        default="face",
        help="face: which network; face_large costs twice as much, face_vgg19 is paper E's",
    )
    one.add_argument("--lines", default="", help="text: file with one text a line, - = stdin")
    one.add_argument("--data", default="", help="response: folder of listens, as SiTunes has it")
    one.add_argument(
        "--history", action="append", default=[], help="response: folder of earlier listens"
    )
    one.set_defaults(run=predict)
