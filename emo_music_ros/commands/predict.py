"""``emo-music predict``: emotion from files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from emo_music_ros.errors import InputError

MODALITIES = ("face", "speech", "text", "music", "physiology", "eeg")


def predictions(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Return one result per input.

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
    # Not `splitlines`, to which other signs such as U+2028 end a line too.
    return text.removesuffix("\n").split("\n") if text else []


def predict(arguments: argparse.Namespace) -> int:
    """Print one JSON object per line."""
    failed = False
    for result in predictions(arguments):
        failed |= "error" in result
        print(json.dumps(result, ensure_ascii=False, allow_nan=False), flush=True)
    return int(failed)


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser("predict", help="emotion from files, one JSON object per line")
    one.add_argument("modality", choices=MODALITIES)
    one.add_argument("input", nargs="*", help="files, folders (physiology) or strings (text)")
    one.add_argument("--npz", default="", help="face: file with an array `images`")
    one.add_argument("--lines", default="", help="text: file with one text a line, - = stdin")
    one.set_defaults(run=predict)
