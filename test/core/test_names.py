# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Names from outside."""

from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.names import printable


@given(st.text(), st.integers(1, 50))
def test_a_name_is_of_one_line_and_of_bounded_length(text, longest):
    found = printable(text, longest)
    assert found.isprintable()
    assert len(found) == min(len(text), longest)
    if text.isprintable() and len(text) <= longest:
        assert found == text


def test_what_cannot_be_printed_is_marked():
    assert printable("a\0b\x1b[2J\n") == "a?b?[2J?"
