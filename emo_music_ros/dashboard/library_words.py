# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Texts of the library: key -> English, Chinese."""

from __future__ import annotations

LIBRARY_WORDS: dict[str, tuple[str, str]] = {
    "library": ("Library", "曲库"),
    "search": ("Title or artist", "标题或艺术家"),
    "find": ("Find", "查找"),
    "found": ("{first} to {last} of {count}", "第 {first} 至 {last}，共 {count}"),
    "found_none": ("Nothing was found.", "没有找到。"),
    "earlier": ("Back by 50", "前 50 首"),
    "later": ("On by 50", "后 50 首"),
    "piece": ("Piece", "曲目"),
    "felt": ("How it is felt", "给人的感受"),
    "tempo": ("Beats per minute", "每分钟拍数"),
    "lasts": ("Length", "时长"),
    "genre": ("Kind", "类型"),
    "valence_arousal": ("Pleasant, lively (-1 to 1)", "愉悦、活跃（-1 至 1）"),
    "mode": ("Minor to major (-1 to 1)", "小调至大调（-1 至 1）"),
    "energy": ("Energy (0 to 1)", "能量（0 至 1）"),
    "felt_cheerful": ("cheerful, lively", "愉快、活跃"),
    "felt_gentle": ("gentle, calm", "柔和、平静"),
    "felt_tense": ("tense, driving", "紧张、激烈"),
    "felt_sad": ("sad, quiet", "悲伤、安静"),
    "felt_even": ("neither one nor the other", "居中"),
    "not_known": ("not known", "未知"),
    "waveform_of": ("How loud {title} is from beginning to end", "{title} 从头到尾的响度"),
    "no_waveform": ("It cannot be drawn: {reason}", "无法绘制：{reason}"),
}
