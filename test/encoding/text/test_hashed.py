# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.encoding.text.hashed import (
    BUCKETS,
    LONGEST,
    chinese_share,
    is_cut,
    legibility,
    normalise,
    slot_table,
    slots,
)


@given(st.text(max_size=3 * LONGEST))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert len(once) <= LONGEST
    assert normalise(once).split() == once.split() or normalise(normalise(once)) == normalise(once)
    once.encode("utf-8")


def test_normalising_takes_out_what_says_nothing() -> None:
    assert normalise("Ｈｅｌｌｏ\n\tyou") == "Hello you"
    assert normalise("//@user_name:致敬 https://t.cn/xyz好") == "致敬 好"
    assert normalise("lone \ud800 surrogate") == "lone surrogate"


UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0f\u202e\U000e0061"


@given(st.text(st.sampled_from("abc 难过😢"), max_size=40), st.sampled_from(UNSEEN))
def test_what_is_not_seen_parts_no_word(text: str, unseen: str) -> None:
    assert normalise(unseen.join(text)) == normalise(text)


def test_an_emoji_is_one_whatever_its_skin_and_sex() -> None:
    assert normalise("👍🏽 👍🏿 👍") == "👍 👍 👍"
    assert normalise("🤷🏾\u200d♀\ufe0f") == normalise("🤷\u200d♂\ufe0f") == "🤷"
    assert normalise("❤\ufe0f\u200d🔥") == "❤🔥"


def test_what_ends_a_line_parts_words() -> None:
    assert normalise("not\u2028sad\u2029now\r\n") == "not sad now"


@given(st.text("ab 难\u00ad", max_size=LONGEST))
def test_what_is_short_enough_is_not_cut(text: str) -> None:
    assert not is_cut(text)
    assert is_cut(text + (LONGEST + 1) * "a")


def test_what_is_not_seen_does_not_make_a_text_longer() -> None:
    assert not is_cut(LONGEST * "a\u200b")
    assert is_cut((LONGEST + 1) * "a")


@given(st.text(max_size=60))
def test_slots_are_in_range_and_stable(text: str) -> None:
    found = slots(normalise(text))
    assert found == sorted(set(found)) == slots(normalise(text))
    assert all(0 <= slot < BUCKETS for slot in found)


def place(part: str) -> int:
    return zlib.crc32(part.encode()) % BUCKETS


def test_slots_of_a_short_text_by_hand() -> None:
    assert slots("No go") == sorted(map(place, ("wno", "wgo", "bno go", "ngo")))
    assert slots("好人") == sorted(map(place, ("c好", "c人", "c好人")))
    assert slots("[泪]") == sorted(map(place, ("e[泪]", "c泪")))
    assert place("e[smile]") in slots("go [smile]")
    assert place("e[泪]") not in slots("泪")


def test_what_a_negation_reaches_is_hashed_once_more() -> None:
    reached = {place("n" + word) for word in ("so", "sad", "my", "dear")}
    assert reached <= set(slots("I'm not so sad my dear friend"))
    assert place("nfriend") not in slots("I'm not so sad my dear friend")
    assert place("nsad") in slots("I don’t feel sad")
    assert place("nangry") not in slots("not sad, angry")
    assert place("nangry") not in slots("not sad but angry")
    assert place("nsad") not in slots("sad")
    assert {place("n难"), place("n难过")} <= set(slots("我并不觉得难过"))
    assert place("n难过") not in slots("我很难过")


def test_an_emoji_is_one_part_however_often_it_stands() -> None:
    assert slots("😢") == slots("😢😢😢") == [place("f😢")]
    assert slots(":)") == slots(":-)))") == [place("f:)")]
    assert slots("ok 😢😡") == sorted(map(place, ("wok", "f😢", "f😡")))
    assert place("f:d") in slots("so glad :D")
    assert place("w12") in slots("at 12:30")


def test_emoji_alone_say_something() -> None:
    assert legibility("😢")[0] == legibility(":-)")[0] == 0.5
    assert legibility("!!!")[0] == 0.1


def test_the_table_fills_up_with_the_empty_slot() -> None:
    table = slot_table(["no", "", "a longer sentence"])
    assert table.shape[0] == 3
    assert (table[1] == BUCKETS).all()
    assert (table[0] < BUCKETS).sum() == len(slots("no"))


def test_the_share_of_chinese_is_counted() -> None:
    assert chinese_share(["你好 ok", "hello", "", "123"])[:, 0].tolist() == [0.5, 0.0, 0.0, 0.0]


def test_legibility_counts_letters() -> None:
    assert legibility("123 !") == (0.1, 0.0, 0.0)
    assert legibility("你好")[0] == 1.0
    assert legibility("ok")[0] < legibility("okay")[0] == 1.0
    assert legibility("你好 ok")[2] == pytest.approx(0.5)
