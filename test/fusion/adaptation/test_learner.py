# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What was learned of everybody: kept, versioned, undone, given up, forgotten."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from confirmed import answer, misread, moment

import emo_music_ros
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.fusion.adaptation import learner, rows, watch
from emo_music_ros.fusion.adaptation.head import Answer, Moment, learn
from emo_music_ros.fusion.adaptation.learner import Adaptation, default_path, forget_at
from emo_music_ros.numerics import softmax

ROOT = Path(emo_music_ros.__file__).parents[1]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "adaptation.sqlite"


def opened(path, strategy="logpool"):
    return Adaptation(path, strategy)


def taught(path, moments, person="anna", strategy="logpool"):
    found = opened(path, strategy)
    for one in moments:
        found.confirm(person, one)
    return found


def same(one, other):
    if one is None or other is None:
        return one is other
    return np.array_equal(one.bias, other.bias) and all(
        np.array_equal(one.said[name], other.said[name]) for name in one.said
    )


def write(path, statement, *values):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def contents(path):
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def test_who_has_confirmed_nothing_has_the_shipped_weights_and_no_file_is_made(path):
    adaptation = opened(path)
    assert adaptation.head("anna") is None
    adaptation.refresh()
    assert adaptation.head("anna") is None
    assert not path.exists()
    assert adaptation.error == ""


def test_each_moment_makes_a_version_of_that_person_alone(path):
    adaptation = opened(path)
    for number, one in enumerate(misread(5), 1):
        learned = adaptation.confirm("anna", one)
        assert learned.version == number
    assert "5 moments of 'anna'" in learned.message
    assert same(adaptation.head("anna"), learn(misread(5)))
    assert adaptation.head("bert") is None
    assert adaptation.confirm("bert", moment(0, 0)).version == 1


def test_the_file_is_for_its_owner_only(path):
    taught(path, misread(1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_survives_a_restart_bit_for_bit(path):
    before = taught(path, misread(9))
    before.close()
    assert same(opened(path).head("anna"), before.head("anna"))


WRITER = """
import os, sys
from pathlib import Path
sys.path[:0] = [{root!r}, {helpers!r}]
from confirmed import misread
from emo_music_ros.fusion.adaptation.learner import Adaptation
adaptation = Adaptation({path!r}, "logpool")
for one in misread(10_000):
    print(adaptation.confirm("anna", one).version, flush=True)
"""


def test_what_was_answered_survives_kill_9(path):
    helpers = str(Path(__file__).resolve().parents[2] / "helpers")
    code = WRITER.format(root=str(ROOT), helpers=helpers, path=str(path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as one:
        told = [int(one.stdout.readline()) for _ in range(3)]
        one.kill()
        told += [int(line) for line in one.stdout]
    found = opened(path)
    assert found.head("anna") is not None
    versions = rows.Rows().versions(found._database.connect(), "anna")
    assert set(told) <= set(versions)
    assert len(versions) - told[-1] in (0, 1)  # killed between writing and saying so
    assert same(found.head("anna"), learn(misread(len(versions))))
    assert found.confirm("anna", moment(0, 0, 1e6)).version == len(versions) + 1


def test_one_goes_back_to_any_version_and_on_from_there(path):
    adaptation = taught(path, misread(6))
    whole = adaptation.head("anna")
    assert adaptation.revert("anna", 2).version == 2
    assert same(adaptation.head("anna"), learn(misread(6)[:2]))
    learned = adaptation.confirm("anna", misread(6)[5])
    assert learned.version == 7
    assert same(adaptation.head("anna"), learn([*misread(6)[:2], misread(6)[5]]))
    assert adaptation.revert("anna", 0).version == 0
    assert adaptation.head("anna") is None
    adaptation.revert("anna", 6)
    assert same(adaptation.head("anna"), whole)
    assert same(opened(path).head("anna"), whole)


@pytest.mark.parametrize("version", [7, 2**32 - 1])
def test_a_version_that_is_not_there_is_refused_and_nothing_changes(path, version):
    adaptation = taught(path, misread(6))
    with pytest.raises(InputError, match=f"no version {version} of 'anna'. Versions are 1 to 6"):
        adaptation.revert("anna", version)
    with pytest.raises(InputError, match="0 alone"):
        adaptation.revert("bert", 1)
    assert same(adaptation.head("anna"), learn(misread(6)))
    assert adaptation.revert("bert", 0).version == 0


def test_a_moment_is_confirmed_once(path):
    adaptation = taught(path, misread(2))
    with pytest.raises(InputError, match="confirmed as calm already. Go back to version 0"):
        adaptation.confirm("anna", moment(3, 2, 0.5))
    adaptation.revert("anna", 0)
    assert adaptation.confirm("anna", moment(3, 2, 0.5)).version == 3


@pytest.mark.parametrize(
    "wrong",
    [
        Moment(answer(0), 4),
        Moment(answer(0), -1),
        Moment(answer(0), 0, float("nan")),
        Moment(Answer(np.array([np.nan, 0, 0, 0])), 0),
        Moment(Answer(np.zeros(4), {"face": np.array([np.inf, 0, 0, 0])}), 0),
    ],
)
def test_what_is_no_moment_is_refused(path, wrong):
    adaptation = opened(path)
    with pytest.raises(InputError, match="no moment of a state"):
        adaptation.confirm("anna", wrong)
    assert not path.exists()


def wrong_then_right():
    """Somebody was confirmed wrongly for long, and rightly from then on."""
    wrong = [moment(place % 3, (place + 1) % 3, 10.0 * place, 0.45) for place in range(24)]
    right = [moment(place % 3, place % 3, 1000 + 10.0 * place, 0.45) for place in range(24)]
    return [*wrong, *right]


def test_what_turns_out_worse_than_the_shipped_weights_is_given_up_and_kept(path, caplog):
    adaptation = opened(path)
    told = [adaptation.confirm("anna", one) for one in wrong_then_right()[:24]]
    assert [one.version for one in told] == list(range(1, 25))  # it learned what it was told
    for one in wrong_then_right()[24:]:
        learned = adaptation.confirm("anna", one)
        if not learned.version:
            break
    assert learned.version == 0
    assert "does worse than the shipped weights: these hold again" in learned.message
    assert "'anna' does worse" in caplog.text
    assert adaptation.head("anna") is None
    assert adaptation.fallen == ["anna"]
    again = opened(path)
    again.refresh()
    assert again.fallen == ["anna"]
    assert again.head("anna") is None
    kept = int(learned.message.split("Version ")[1].split()[0])
    assert adaptation.confirm("anna", moment(0, 0, 1e5)).version == kept + 1  # begins anew
    assert same(adaptation.head("anna"), learn([moment(0, 0, 1e5)]))
    assert adaptation.fallen == []
    assert adaptation.revert("anna", kept - 1).version == kept - 1
    assert same(adaptation.head("anna"), learn(wrong_then_right()[: kept - 1]))


def test_where_nobody_watches_that_is_said_and_learning_goes_on(path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "river"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "river", None)
    adaptation = opened(path)
    told = [adaptation.confirm("anna", one).message for one in misread(watch.FEWEST)]
    assert [watch.UNWATCHED in message for message in told] == [False] * 3 + [True]
    assert same(adaptation.head("anna"), learn(misread(watch.FEWEST)))


def test_what_was_learned_with_another_strategy_is_not_used_and_not_lost(path):
    taught(path, misread(3)).close()
    other = taught(path, [moment(0, 0, 900.0)], strategy="learned")
    assert same(other.head("anna"), learn([moment(0, 0, 900.0)]))
    assert same(opened(path).head("anna"), learn(misread(3)))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "furious"),
        ("state", 3),
        ("answer", "{"),
        ("answer", '{"fused": [NaN, 0, 0, 0], "said": {}}'),
        ("answer", '{"fused": [1e300, 0, 0, 0], "said": {}}'),
        ("answer", '{"fused": [0, 0, 0], "said": {}}'),
        ("answer", '{"fused": [0, 0, 0, 0], "said": {"face": "happy"}}'),
        ("answer", '{"fused": [0, 0, 0, 0], "said": []}'),
        ("answer", "[" * 100_000),
        ("answer", b"\xff\x00"),
        ("time", "yesterday"),
        ("time", float("inf")),
        ("difference", 7.5),
        ("difference", float("-inf")),
    ],
)
def test_a_row_that_makes_no_sense_costs_that_row_only(path, caplog, column, value):
    taught(path, misread(4)).close()
    write(path, f"UPDATE version SET {column} = ? WHERE version = 4", value)
    found = opened(path)
    found.head("anna")
    versions = rows.Rows().versions(found._database.connect(), "anna")
    assert set(versions) == {1, 2, 3}
    assert "version 4 of 'anna' makes no sense" in caplog.text
    assert found.confirm("anna", moment(1, 1, 1e6)).version == 5
    assert found.revert("anna", 3).version == 3
    assert same(found.head("anna"), learn(misread(4)[:3]))


@pytest.mark.parametrize("number", [2**60, 2**31, -5, "x"])
def test_a_version_that_no_answer_can_hold_is_left_out(path, number):
    taught(path, misread(4)).close()
    write(path, "UPDATE version SET version = ? WHERE version = 4", number)
    found = opened(path)
    assert found.confirm("anna", moment(1, 1, 1e6)).version == 4
    assert found.revert("anna", 3).version == 3


def test_who_was_only_asked_about_is_not_kept_for_ever(path, monkeypatch):
    monkeypatch.setattr(learner, "MOST_HEADS", 10)
    adaptation = taught(path, misread(2))
    for number in range(50):
        adaptation.head(f"passer-by {number}")
    adaptation.refresh()
    assert len(adaptation._heads) <= 10
    assert same(adaptation.head("anna"), learn(misread(2)))


@pytest.mark.parametrize("before", [4, 9, -1, "x", 2.5])
def test_a_row_that_rests_on_itself_or_on_what_comes_later_ends_nothing(path, before):
    taught(path, misread(4)).close()
    write(path, "UPDATE version SET before = ? WHERE version = 4", before)
    found = opened(path)
    assert found.head("anna") is None
    assert found.confirm("anna", moment(1, 1, 1e6)).version == 5


@pytest.mark.parametrize("value", ["x", -3, 1e30, 77])
def test_a_wrong_version_that_holds_is_the_shipped_weights(path, value):
    taught(path, misread(4)).close()
    write(path, "UPDATE holds SET version = ?", value)
    found = opened(path)
    assert found.head("anna") is None
    assert found.revert("anna", 4).version == 4


def test_two_writers_lose_nothing_of_each_other(path):
    one, other = opened(path), opened(path)
    for place, each in enumerate(misread(8)):
        assert (one, other)[place % 2].confirm("anna", each).version == place + 1
    for adaptation in (one, other):
        adaptation.refresh()
        assert same(adaptation.head("anna"), learn(misread(8)))
    other.forget("anna")
    one.refresh()
    assert one.head("anna") is None


def test_who_is_forgotten_is_in_no_file_and_in_no_memory(path, tmp_path):
    adaptation = taught(path, misread(3))
    adaptation.confirm("bert", moment(0, 0))
    aside = tmp_path / "adaptation.sqlite.corrupt-20260101T000000Z"
    aside.write_bytes(b"anna")
    assert b"anna" in contents(path)
    assert adaptation.forget("anna") == 3
    assert b"anna" not in contents(path)
    assert not aside.exists()
    assert adaptation.head("anna") is None
    assert adaptation.head("bert") is not None
    assert adaptation.forget("anna") == 0
    assert adaptation.confirm("anna", moment(0, 0)).version == 1


def test_another_program_can_forget(path):
    adaptation = taught(path, misread(3))
    assert forget_at(path, "anna") == 3
    adaptation.refresh()
    assert adaptation.head("anna") is None
    assert forget_at(path.with_name("none.sqlite"), "anna") == 0
    assert not path.with_name("none.sqlite").exists()


def test_a_corrupt_file_is_moved_aside_and_learning_begins_anew(tmp_path):
    path = tmp_path / "adaptation.sqlite"
    taught(path, misread(40)).close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(8192))
    found = Adaptation(path, "logpool", own=True)
    assert found.head("anna") is None
    assert found.confirm("anna", moment(0, 0)).version == 1
    assert list(tmp_path.glob("*.corrupt-*"))


def test_a_file_of_somebody_else_is_left_and_the_shipped_weights_hold(path):
    path.write_text("a letter")
    adaptation = opened(path)
    assert adaptation.head("anna") is None
    with pytest.raises(StorageError, match="no database of this program"):
        adaptation.confirm("anna", moment(0, 0))
    adaptation.refresh()
    assert "no database of this program" in adaptation.error
    assert path.read_text() == "a letter"
    path.unlink()
    adaptation.refresh()
    assert adaptation.error == ""
    assert adaptation.confirm("anna", moment(0, 0)).version == 1


def test_the_number_of_versions_is_limited(path, monkeypatch):
    monkeypatch.setattr(rows, "MOST_VERSIONS", 5)
    adaptation = taught(path, misread(8))
    versions = rows.Rows().versions(adaptation._database.connect(), "anna")
    assert set(versions) == {4, 5, 6, 7, 8}
    assert same(adaptation.head("anna"), learn(misread(8)[3:]))
    assert same(opened(path).head("anna"), learn(misread(8)[3:]))


def test_numbers_are_stored_as_they_are(path):
    awkward = Answer(np.array([0.1, 1 / 3, -1e-17, -0.4]), {"gait": np.array([1e-300, 0, 2, -2])})
    taught(path, [Moment(awkward, 2, 1764518400.123456789)]).close()
    (found,) = rows.Rows().versions(opened(path)._database.connect(), "anna").values()
    assert np.array_equal(found.moment.answer.fused, awkward.fused)
    assert np.array_equal(found.moment.answer.said["gait"], awkward.said["gait"])
    assert found.moment.time == 1764518400.123456789
    assert json.loads(json.dumps(found.difference)) == 0.0


def test_where_it_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))
    assert default_path("/kitchen") == tmp_path / "kitchen" / "adaptation.sqlite"


def test_a_head_changes_what_is_answered(path):
    adaptation = taught(path, misread(12))
    assert adaptation.head("anna")(answer(3))[1] > softmax(answer(3).fused)[1]
