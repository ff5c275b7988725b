# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.cli import main
from emo_music_ros.commands.predict import _lines, written


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("", []),
        ("one\n", ["one"]),
        ("one\ntwo", ["one", "two"]),
        ("one\r\n\r\ntwo\r\n", ["one", "", "two"]),
        ("not\u2028sad\x0b\x1c\x85 now\n", ["not\u2028sad\x0b\x1c\x85 now"]),
        ("\n", [""]),
    ],
)
def test_a_text_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, lines: list[str]
) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(content.encode())
    assert _lines(str(path)) == lines
    stream = io.TextIOWrapper(io.BytesIO(content.encode()), "utf-8")
    monkeypatch.setattr("sys.stdin", stream)
    assert _lines("-") == lines


def odd_name(folder: Path, ending: str) -> Path:
    """Return a file name as a Latin-1 system writes it."""
    return Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9" + ending.encode()))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_byte_of_a_name_comes_out(tmp_path: Path, encoding: str) -> None:
    name = str(odd_name(tmp_path, "狗.wav"))
    line = written({"input": name, "error": "x"}, encoding)
    assert json.loads(line.encode(encoding))["input"] == name
    assert "\n" not in line


@pytest.mark.parametrize("modality", ["face", "speech", "music", "physiology", "eeg"])
def test_one_bad_input_never_ends_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], modality: str
) -> None:
    odd, empty, pipe = odd_name(tmp_path, ".bin"), tmp_path / "empty", tmp_path / "pipe"
    odd.write_bytes(b"no sound\0" * 40)
    empty.touch()
    os.mkfifo(pipe)  # reading it would wait for ever
    names = [str(path) for path in (odd, tmp_path, tmp_path / "absent", empty, pipe)]
    assert main(["predict", modality, *names]) == 1
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [result["input"] for result in results] == names
    assert all(result["error"] for result in results)


def test_what_holds_nothing_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.txt").touch()
    np.savez(tmp_path / "none.npz", images=np.zeros((0, 48, 48), np.uint8))
    for arguments in (
        ["text", "--lines", str(tmp_path / "none.txt")],
        ["text", "--lines", str(tmp_path / "absent.txt")],
        ["face", "--npz", str(tmp_path / "none.npz")],
        ["face", "--npz", str(tmp_path / "absent.npz")],
    ):
        assert main(["predict", *arguments]) == 1
        (result,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert set(result) == {"input", "error"}
        assert result["input"] == arguments[2]


def test_one_line_that_is_no_text_never_ends_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mixed.txt"
    path.write_bytes("\ufeffI am sad\r\n".encode() + b"caf\xe9\n" + "我很难过\n".encode())
    assert main(["predict", "text", "--lines", str(path)]) == 1
    first, bad, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["input"], last["input"]) == ("I am sad", "我很难过")
    assert "error" not in first | last
    assert os.fsencode(bad["input"]) == b"caf\xe9"
    assert "UTF-8" in bad["error"]
