# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Model cards show what was measured."""

from __future__ import annotations

from emo_music_ros.training.shared.cards import Card, Figure, markdown_table, write_card


def test_card_shows_value_interval_and_baseline(tmp_path):
    card = Card(
        name="toy",
        purpose="Nothing.",
        data="None.",
        licence="MIT",
        split="By person.",
        network="One layer.",
        figures=[
            Figure("UAR", 0.51234, 0.125, 0.47, 0.55, "20 people"),
            Figure("AUC", 0.75),
        ],
        limits=["Fails on whispers."],
        reproduce="emo-music train toy",
        extra={"By sex": markdown_table(("sex", "UAR"), [("women", 0.5)])},
    )
    text = write_card(card, tmp_path).read_text("utf-8")
    assert "| UAR | 0.512 | 0.470 to 0.550 | 0.125 | 20 people |" in text
    assert "| AUC | 0.750 | - | - |  |" in text
    assert "| women | 0.500 |" in text
    assert "- Fails on whispers." in text
