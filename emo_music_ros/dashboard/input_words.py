# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Texts of the page where words are given: key -> English, Chinese."""

from __future__ import annotations

INPUT_WORDS: dict[str, tuple[str, str]] = {
    "input": ("Try words", "试试文字"),
    "input_what": (
        "What is written here counts as said by {person} just now: see how it seems, and what would"
        " be best to play. It is not kept by this page.",
        "在此写下的内容视为 {person} 刚刚说的话：可以看到显得如何，以及最适合播放什么。本页面不"
        "保存它。",
    ),
    "input_words": ("Words", "文字"),
    "input_language": ("Language of the words", "文字的语言"),
    "say": ("Say it", "说出"),
    "said": ("It was said. What follows is below.", "已说出。结果见下。"),
    "input_none": ("Nothing was written.", "没有写任何内容。"),
    "input_long": ("That is too long: {most} characters at most.", "太长：最多 {most} 个字符。"),
    "input_files": (
        "Pictures and sounds are not sent through these pages. The command emo-music predict reads"
        " them.",
        "图片和声音不通过这些页面发送。可用命令 emo-music predict 读取。",
    ),
}
