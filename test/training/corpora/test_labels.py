# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What people say was felt: kept whole, never two things at once, bad lines named."""

import math
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.training.corpora import labels
from emo_music_ros.training.corpora.labels import Label

HEAD = ",".join(labels.HEAD)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 500), st.sampled_from(STATES), st.sampled_from(["", "ada", "b,ob", "李"])
        ),
        max_size=12,
    )
)
def test_what_is_written_is_read(tmp_path_factory, stretches):
    path = tmp_path_factory.mktemp("labels") / "a.labels.csv"
    ends = 0
    made = []
    for length, state, person in stretches:
        made.append(Label(ends, ends + length / 4, state, person, "carer"))
        ends += length / 4
    labels.write(path, made[::-1])
    assert labels.read(path) == (made, [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("start", "end", "state"),
    [
        (5, 5, STATES[0]),
        (6, 5, STATES[0]),
        (-1, 5, STATES[0]),
        (math.nan, 5, STATES[0]),
        (0, math.inf, STATES[0]),
        (0, 5, "hungry"),
        (0, 5, "unknown"),
    ],
)
def test_what_is_no_label_is_refused(start, end, state):
    with pytest.raises(InputError):
        Label(start, end, state)


def test_nobody_felt_two_things_at_once(tmp_path):
    first = Label(0, 10, STATES[0], "ada")
    labels.refuse_overlap(Label(10, 12, STATES[1], "ada"), [first])
    labels.refuse_overlap(Label(5, 12, STATES[1], "bob"), [first])
    with pytest.raises(InputError, match="from 0 s to 10 s"):
        labels.refuse_overlap(Label(9, 12, STATES[1], "ada"), [first])


def test_a_bad_line_is_named_and_costs_itself_alone(tmp_path):
    path = tmp_path / "a.labels.csv"
    lines = [
        HEAD,
        f"0,10,{STATES[0]},,",
        "10,x,anxiety",
        f"5,20,{STATES[1]}",
        "",
        f"20,30,{STATES[2]}",
    ]
    path.write_text("\ufeff" + "\r\n".join(lines))
    found, problems = labels.read(path)
    assert [one.state for one in found] == [STATES[0], STATES[2]]
    assert ["line 3" in problems[0], "line 4" in problems[1]] == [True, True]


@pytest.mark.parametrize("content", ["", "time,state\n1,calm\n"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "a.labels.csv"
    path.write_text(content)
    with pytest.raises(InputError):
        labels.read(path)


def test_a_full_disk_leaves_the_labels_that_were_there(tmp_path, monkeypatch):
    path = tmp_path / "a.labels.csv"
    labels.write(path, [Label(0, 1, STATES[0])])

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(StorageError, match="No space"):
        labels.write(path, [])
    assert len(labels.read(path)[0]) == 1
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["a.mcap", "a.mcap.zstd"])
def test_labels_lie_beside_the_recording(tmp_path, name):
    assert labels.path_of(tmp_path / name) == tmp_path / "a.labels.csv"
