# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Texts of the page where words are given: key -> English, Chinese."""

from __future__ import annotations

INPUT_WORDS: dict[str, tuple[str, str]] = {
    "input": ("Try input", "试试输入"),
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
    "given_face": ("A picture of the face", "面部照片"),
    "given_speech": ("A recording of the voice", "语音录音"),
    "judge": ("Judge it", "判断"),
    "given_note": (
        "A file is judged for itself: it counts as nothing that was sensed, and is not kept. 16 MiB"
        " at most; it needs JavaScript.",
        "文件只单独判断：不算作感知到的内容，也不保存。最大 16 MiB；需要 JavaScript。",
    ),
    "judged": ("It was judged. What it is taken for is below.", "已判断。结果见下。"),
    "judged_as": ("What it is taken for", "判断结果"),
    "judged_nothing": ("Nobody speaks in it.", "其中无人说话。"),
    "best_then": ("Best to play then", "此时最合适的音乐"),
    "given_none": ("No file was chosen.", "没有选择文件。"),
    "anger": ("Anger", "愤怒"),
    "disgust": ("Disgust", "厌恶"),
    "fear": ("Fear", "恐惧"),
    "happiness": ("Happiness", "高兴"),
    "sadness": ("Sadness", "悲伤"),
    "surprise": ("Surprise", "惊讶"),
    "neutral": ("Neutral", "中性"),
}
