# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Messages grow by appended fields only: older recordings and nodes stay readable.

`interfaces.txt` holds the fields of every message, service and action. Make it again after
appending a field or adding an interface::

    python test/packaging/test_interfaces.py
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("interfaces.txt")
AGAIN = "python test/packaging/test_interfaces.py"

#: Part of an interface, such as ``msg/Track`` or ``srv/PlayTrack response`` -> its fields.
Fields = dict[str, list[str]]
PARTS = {
    "msg": ("",),
    "srv": (" request", " response"),
    "action": (" goal", " result", " feedback"),
}


def fields(root: Path) -> Fields:
    """Return type, name, and default or value of the fields and constants in their order."""
    found: Fields = {}
    for kind, parts in PARTS.items():
        for path in sorted((root / kind).glob(f"*.{kind}")):
            lines = re.sub(r"\s*#.*", "", path.read_text("utf-8")).split("\n")
            for part in parts:
                end = lines.index("---") if "---" in lines else len(lines)
                found[f"{kind}/{path.stem}{part}"] = [" ".join(x.split()) for x in lines[:end] if x]
                lines = lines[end + 1 :]
    return found


def written(found: Fields) -> str:
    """Return fields as text."""
    return (
        "\n".join(
            "\n".join([name, *(f"  {field}" for field in listed)]) for name, listed in found.items()
        )
        + "\n"
    )


def read(text: str) -> Fields:
    """Return the fields in a text."""
    found: Fields = {}
    listed: list[str] = []
    for line in text.splitlines():
        if line.startswith("  "):
            listed.append(line.strip())
        else:
            listed = found.setdefault(line, [])
    return found


def complaint(before: Fields, now: Fields) -> str:
    """Return what was done to interfaces that must not be done, and what to do instead."""
    for name, listed in before.items():
        if name not in now:
            return f"{name} is gone. Restore it: recordings and other nodes still carry it"
        constants, appended = _split(listed)
        found, members = _split(now[name])
        if lost := [constant for constant in constants if constant not in found]:
            return f"{name}: constant '{lost[0]}' is gone or has another value. Restore it"
        for place, field in enumerate(appended):
            if members[place : place + 1] != [field]:
                instead = members[place] if place < len(members) else "nothing"
                return (
                    f"{name}: in the place of field '{field}' there is '{instead}'. Fields are "
                    "not removed, renamed, retyped or put between others: older recordings "
                    f"would be misread. Restore it and append new fields after '{listed[-1]}'"
                )
    return ""


def _split(listed: list[str]) -> tuple[list[str], list[str]]:
    constants = [entry for entry in listed if "=" in entry]
    return constants, [entry for entry in listed if "=" not in entry]


def test_interfaces_grow_by_appended_fields_only():
    assert not (told := complaint(read(GOLDEN.read_text("utf-8")), fields(ROOT))), told


def test_the_committed_fields_are_those_of_the_interfaces():
    told = complaint(read(GOLDEN.read_text("utf-8")), fields(ROOT))
    assert told or GOLDEN.read_text("utf-8") == written(fields(ROOT)), (
        f"Fields or interfaces were added: make {GOLDEN.name} again with '{AGAIN}', and name the "
        "change in CHANGELOG.md under Interfaces"
    )


BEFORE: Fields = {"msg/A": ["uint8 GOOD=0", "string a", "float32 b"], "srv/B request": []}


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"srv/B request": []}, "msg/A is gone"),
        (["uint8 GOOD=1", "string a", "float32 b"], "constant 'uint8 GOOD=0' is gone"),
        (["uint8 GOOD=0", "float32 b"], "place of field 'string a' there is 'float32 b'"),
        (["uint8 GOOD=0", "string a"], "place of field 'float32 b' there is 'nothing'"),
        (["uint8 GOOD=0", "string c", "float32 b"], "'string a' there is 'string c'"),
        (["uint8 GOOD=0", "string[] a", "float32 b"], "'string a' there is 'string[] a'"),
        (["uint8 GOOD=0", "string a", "bool c", "float32 b"], "'float32 b' there is 'bool c'"),
        (["uint8 GOOD=0", "float32 b", "string a"], "'string a' there is 'float32 b'"),
    ],
)
def test_removing_renaming_retyping_and_inserting_are_refused(now, words):
    told = complaint(BEFORE, now if isinstance(now, dict) else {**BEFORE, "msg/A": now})
    assert words in told
    assert "Restore it" in told


@given(st.lists(st.sampled_from(["bool x", "uint8 MORE=3", "Other[] y"]), unique=True))
def test_appending_is_allowed(more):
    now = {**BEFORE, "msg/A": [*BEFORE["msg/A"], *more], "msg/New": ["string z"]}
    assert complaint(BEFORE, now) == ""
    assert read(written(now)) == now


if __name__ == "__main__":
    if told := complaint(read(GOLDEN.read_text("utf-8")), fields(ROOT)) if GOLDEN.exists() else "":
        raise SystemExit(told)
    GOLDEN.write_text(written(fields(ROOT)), "utf-8")
