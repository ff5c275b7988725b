# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections import Counter

import pytest

from emo_music_ros import emotion
from emo_music_ros.encoding.text.hashed import normalise
from emo_music_ros.training.text import written

CATEGORIES = {
    *("loneliness", "pain", "boredom", "thanks", "grief", "spouse", "falling", "memory"),
    *("contentment", "reminiscence", "music", "negation", "contrast", "mixed", "emoji"),
}


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, normalise(text).lower()))


def runs(text: str) -> set[str]:
    plain = letters(text)
    return {plain[i : i + 4] for i in range(max(1, len(plain) - 3))}


def test_every_category_is_learnt_and_tested() -> None:
    for part in (written.training(), written.test()):
        assert {sentence.category for sentence in part} >= CATEGORIES
        assert {sentence.language for sentence in part} == {"en", "zh", "mixed"}


def test_every_sentence_has_text_and_a_known_label() -> None:
    assert {sentence.label for sentence in written.training()} <= set(emotion.GOEMOTIONS)
    assert {sentence.label for sentence in written.test()} <= set(emotion.EKMAN)
    assert all(normalise(sentence.text) for sentence in [*written.training(), *written.test()])


def test_no_test_sentence_is_learnt_nor_one_much_like_it() -> None:
    """By the rule that joins repeated posts: 70 % of the runs of four characters in common."""
    learnt = {letters(sentence.text): runs(sentence.text) for sentence in written.training()}
    for sentence in written.test():
        if sentence.category == "emoji":
            continue  # that an emoji is known whatever stands beside it is what is tested
        mine = runs(sentence.text)
        alike = max(len(mine & other) / len(mine | other) for other in learnt.values())
        assert letters(sentence.text) not in learnt, sentence.text
        assert alike < 0.7, sentence.text


def test_a_template_means_what_it_says() -> None:
    meant = {sentence.text: sentence.label for sentence in written.training()}
    assert meant["I am sad."] == "sadness"
    assert meant["I am not sad."] == meant["Are you sad?"] == meant["我不难过。"] == "neutral"
    assert meant["I am not happy."] == meant["我一点也不高兴。"] == "sadness"
    assert meant["I have never been so happy."] == "joy"
    turned = [text for text in meant if text.startswith("I was sad, but now I'm ")]
    assert len(turned) == written.TURNS
    assert {meant[text] for text in turned} & {"sadness"} == set()


def test_a_sentence_counts_more_than_a_template() -> None:
    count = Counter(sentence.text for sentence in written.training())
    assert count["I feel lonely in the evenings."] == written.TIMES
    assert count["I am sad."] == 1


@pytest.mark.parametrize("corpus", [written.learnt_corpus(), written.test_corpus()])
def test_both_parts_are_corpora(corpus: object) -> None:
    assert corpus.source == written.SOURCE  # type: ignore[attr-defined]
    assert set(corpus.groups) == {"category", "language"}  # type: ignore[attr-defined]
