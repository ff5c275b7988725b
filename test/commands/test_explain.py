# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The command that says why a recording was felt as it was."""

from emo_music_ros.cli import main


def recording(folder):
    folder.mkdir()
    (folder / "text.tsv").write_text(
        "time_s\ttext\n0.6\tI am so happy, thank you!\n4.4\tI am afraid and worried.\n", "utf-8"
    )
    return folder


def test_changes_are_told_and_drawn(tmp_path, capsys):
    folder, out = recording(tmp_path / "morning"), tmp_path / "why.svg"
    assert main(["explain", str(folder), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "unknown -> positive: text moved it by" in told
    assert f"picture: {out}" in told
    picture = out.read_text()
    assert picture.startswith("<?xml")
    assert main(["explain", str(folder), "--out", str(out)]) == 2
    assert "there already" in capsys.readouterr().err
    assert out.read_text() == picture  # nothing is written over


def test_what_cannot_be_explained_is_named(tmp_path, capsys):
    folder = tmp_path / "empty"
    folder.mkdir()
    assert main(["explain", str(folder), "--out", str(tmp_path / "why.svg")]) == 2
    assert "nothing that can be played" in capsys.readouterr().err
    assert not (tmp_path / "why.svg").exists()
