# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whose faces and voices those are; plain data, so that it runs without hri_msgs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.ros import humans
from emo_music_ros.ros.humans import MOST, Identities, id_in, matching, usable_ids

NAMES = st.text("ab_1/ é", max_size=4)


def test_ids_are_those_that_a_topic_can_be_made_of():
    assert usable_ids(["bf3d", "anonymous_person_x", "bf3d"]) == (
        ["bf3d", "anonymous_person_x"],
        "",
    )
    ids, problem = usable_ids(["bf3d", "3fa", "a"])
    assert ids == ["bf3d", "a"]
    assert "'3fa' cannot be part of the name of a topic" in problem


def test_no_more_are_followed_than_can_be_and_that_is_said():
    ids, problem = usable_ids(f"f{number}" for number in range(MOST + 3))
    assert ids == [f"f{number}" for number in range(MOST)]
    assert problem == f"{MOST + 3} are tracked at once, and {MOST} are followed"


@given(st.lists(NAMES, max_size=30))
def test_whatever_is_left_out_is_told(names):
    ids, problem = usable_ids(names)
    assert len(ids) == len(set(ids)) <= MOST
    assert all(name.isidentifier() and name.isascii() for name in ids)
    assert bool(problem) == (set(ids) != set(names))


def test_a_face_is_of_who_has_it_now():
    known = Identities()
    known.assign("ada", "face_id", "f1")
    known.assign("ben", "voice_id", "f1")
    assert known.person("face_id", "f1") == "ada"
    assert known.person("face_id", "f2") == known.person("face_id", "") == ""
    known.assign("ada", "face_id", "f2")
    assert [known.person("face_id", each) for each in ("f1", "f2")] == ["", "ada"]
    known.assign("ada", "face_id", "")  # the person manager says so when a face is lost
    assert known.person("face_id", "f2") == ""
    assert known.part("ben", "voice_id") == "f1"
    known.forget("ben")
    assert known.part("ben", "voice_id") == ""


def test_who_claims_a_face_later_has_it():
    known = Identities()
    known.assign("anonymous_person_1", "face_id", "f1")
    known.assign("ada", "face_id", "f1")
    assert known.person("face_id", "f1") == "ada"
    known.assign("anonymous_person_1", "face_id", "f1")
    assert known.person("face_id", "f1") == "anonymous_person_1"


def test_an_alias_stands_for_another_person():
    known = Identities()
    known.assign("p1", "voice_id", "v1")
    known.assign("p1", "alias", "ada")
    assert known.person("voice_id", "v1") == "ada"
    assert known.part("ada", "voice_id") == known.part("p1", "voice_id") == "v1"


@given(
    st.lists(
        st.tuples(
            st.sampled_from("pqr"), st.sampled_from(("face_id", "alias")), st.sampled_from("pqrf")
        ),
        max_size=12,
    )
)
def test_persons_that_are_aliases_of_each_other_end(words):
    known = Identities()
    for word in words:
        known.assign(*word)
    for value in "pqrf":
        assert known.person("face_id", value) in ("", *"pqrf")


def test_topics_of_every_voice():
    names = ["/humans/voices/a/speech", "/humans/voices/a/b/speech", "/humans/voices/speech", "/x"]
    assert matching("/humans/voices/_any_/speech", "_any_", names) == {names[0]: "a"}
    assert matching("/x", "", names) == {"/x": ""}
    assert matching("/a.c/_any_", "_any_", ["/abc/d", "/a.c/d"]) == {"/a.c/d": "d"}


def test_a_signal_says_of_which_face_it_came():
    assert id_in("live:/humans/faces/bf3d/cropped", "/humans/faces") == "bf3d"
    assert id_in("live:/humans/facesx/bf3d/cropped", "/humans/faces") == ""
    assert id_in("live:camera 0", "/humans/faces") == ""


def test_without_the_messages_it_is_said_what_to_do(monkeypatch):
    monkeypatch.setattr(humans, "messages", None)
    with pytest.raises(InputError, match=r"hri_msgs is not installed.*faces:=camera"):
        humans.require("set faces:=camera")
