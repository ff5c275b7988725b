# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Text in one spelling, its parts hashed to slots, and how much it can say."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Longer text is cut [characters]: bounds the time of one call.
LONGEST = 300
#: Number of slots the parts of words are hashed to; the slot behind the last one is empty.
BUCKETS = 1 << 16
#: Version of what :func:`slots` gives: a network goes with one.
HASHING = 2

_URL = re.compile(r"https?://[\x21-\x7e]+")
_MENTION = re.compile(r"/{0,2}@[\w\-]{1,30}:?")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
#: What is not seen and parts no word: soft hyphens, joiners and directions, and what only changes
#: how an emoji looks (variant, skin, sex).
_UNSEEN = re.compile(
    "\u200d[\u2640\u2642]|[\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
)
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_EMOJI = "\u203c\u2049\u2190-\u2bff\U0001f000-\U0001faff"
_EMOTICON = r"(?:>?[:;=]['^]?-?[()\[\]dpo/|*]+|\^_+\^|t[_.]t|<3+)(?!\w)"
_TOKEN = re.compile(
    rf"{_EMOTICON}|\[[{_HAN}\w]{{1,8}}\]|[{_HAN}]+|[^\W_]+(?:'[a-z]+)?|[{_EMOJI}]"
    rf"|[^\w\s{_EMOJI}]+|_+"
)
_CHINESE = re.compile(f"[{_HAN}]")
_SIGN = re.compile(f"{_EMOTICON}|[{_EMOJI}]")

#: Words and characters that turn round what follows; of a contraction the ending is enough.
_NEGATIONS = frozenset(
    "not no never nor neither none nobody nothing hardly barely without cannot dont isnt".split()
)
_NEGATIONS_CHINESE = "不没别未无莫"
#: How far a negation reaches: so many words, or Chinese characters, up to the next sign.
_REACH = 4


def normalise(text: str) -> str:
    """Return text in one spelling: compatible characters, no links, mentions or controls."""
    return _respell(text)[:LONGEST]


def is_cut(text: str) -> bool:
    """Return whether a text is longer than :func:`normalise` keeps."""
    return len(text) > 4 * LONGEST or len(_respell(text)) > LONGEST


def _respell(text: str) -> str:
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text[: 4 * LONGEST]))
    for pattern in (_CONTROL, _URL, _MENTION):
        text = pattern.sub(" ", text)
    return " ".join(text.split())


def slots(text: str) -> list[int]:
    """Return the sorted slots of the parts of a normalised text.

    Parts are single, double and triple Chinese characters; words, pairs of words and runs of
    three to five letters of a word in any other script; words, single and double Chinese characters
    within reach of a negation (Das & Chen 2001, "Yahoo! for Amazon"); named emoticons such as
    ``[heart]``; emoji and emoticons such as ``:-)``; and runs of other signs.
    """
    parts: set[str] = set()
    previous, reach = "", 0
    for token in _TOKEN.findall(text.lower().replace("\u2019", "'")):
        if _SIGN.fullmatch(token):
            # However often it is repeated, and with a nose or without.
            parts.add("f" + re.sub(r"(.)\1+", r"\1", token.replace("-", "")))
            continue
        if token[0] == "[" and len(token) > 1 and token[-1] == "]":
            parts.add("e" + token)
            token = token[1:-1]
        if _CHINESE.match(token):
            for length in (1, 2, 3):
                parts |= {"c" + token[i : i + length] for i in range(len(token) - length + 1)}
            parts |= _negated_chinese(token)
            previous, reach = "", 0
            continue
        parts.add("w" + token)
        if len(token) > 3:
            edged = f"<{token}>"
            for length in (3, 4, 5):
                parts |= {"s" + edged[i : i + length] for i in range(len(edged) - length + 1)}
        if previous:
            parts.add(f"b{previous} {token}")
        if reach and token[0].isalpha():
            parts.add("n" + token)
        previous, reach = token, _reach(token, reach)
    return sorted({zlib.crc32(part.encode()) % BUCKETS for part in parts})


def _reach(word: str, before: int) -> int:
    """Return how many words after this one a negation still reaches."""
    if word in _NEGATIONS or word.endswith("n't"):
        return _REACH
    return max(0, before - 1) if word[0].isalnum() and word != "but" else 0


def _negated_chinese(run: str) -> set[str]:
    parts = set()
    for place, character in enumerate(run):
        if character in _NEGATIONS_CHINESE:
            after = run[place + 1 : place + 1 + _REACH]
            parts |= {"n" + after[i : i + n] for n in (1, 2) for i in range(len(after) - n + 1)}
    return parts


def slot_table(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return the slots of texts as int64 [n, longest], filled up with the empty slot."""
    rows = [slots(text) for text in texts]
    table = np.full((len(rows), max(1, *map(len, rows), 1)), BUCKETS, np.int64)
    for line, row in zip(table, rows):
        line[: len(row)] = row
    return table


def chinese_share(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the share of Chinese characters among the letters of texts, float32 [n, 1]."""
    shares = []
    for text in texts:
        letters = [character for character in text if character.isalpha()]
        found = sum(bool(_CHINESE.match(letter)) for letter in letters)
        shares.append(found / len(letters) if letters else 0.0)
    return np.array(shares, np.float32).reshape(-1, 1)


def legibility(text: str) -> tuple[float, float, float]:
    """Judge how much a normalised text can say.

    Returns
    -------
    quality : float
        0..1: 0.1 without letters, 0.2 for one letter, 0.5 for emoji or emoticons alone, at most 0.5
        in a script no network here was trained on, rising to 1 with three letters (two Chinese
        characters).
    letters : float
        Number of letters.
    chinese : float
        Share of Chinese characters among the letters, 0..1.
    """
    letters = [character for character in text if character.isalpha()]
    if len(letters) < 2 and _SIGN.search(text.lower()):
        return 0.5, float(len(letters)), float(bool(_CHINESE.search(text)))
    if not letters:
        return 0.1, 0.0, 0.0
    chinese = float(chinese_share([text])[0, 0])
    latin = sum(letter.isascii() for letter in letters) / len(letters)
    amount = len(letters) * (1 + 0.5 * chinese)
    quality = 0.2 if len(letters) == 1 else float(np.clip(amount / 3, 0.4, 1.0))
    if chinese + latin < 0.5:
        quality = min(quality, 0.5)
    return quality, float(len(letters)), chinese
