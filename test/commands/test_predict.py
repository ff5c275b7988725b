from __future__ import annotations

import io
from pathlib import Path

import pytest

from emo_music_ros.commands.predict import _lines


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
