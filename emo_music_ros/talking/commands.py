# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What an utterance asks for: phrases to commands, in English and Chinese.

An utterance is a command only as a whole ("stop", "stop please", "stop stop"), never because a word
of a command is in it: "do not stop" asks for nothing, and neither does a song about help.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

#: What can be asked for: silence; the volume; other music; what is thought of the piece that
#: plays; who plays it; a carer.
COMMANDS = ("stop", "louder", "softer", "calmer", "like", "never", "who", "help")
#: Commands that wait for nothing, not even for the end of the utterance.
URGENT = frozenset({"stop", "help"})
#: Not a command, but what would be mistaken for one.
OTHER = "other"

_FOLDER = Path(__file__).resolve().parent
_CONTRACTIONS = {
    "don't": "do not",
    "can't": "can not",
    "cannot": "can not",
    "who's": "who is",
    "what's": "what is",
    "i've": "i have",
    "it's": "it is",
}
#: Said around a command without meaning anything.
_PADDING = {
    "en": re.compile(
        r"^(?:(?:please|hey|ok|okay|oh|now|robot|can you|could you|would you)\s+)+"
        r"|(?:\s+(?:please|now|robot|thanks|thank you|dear))+$"
    ),
    "zh": re.compile(r"^(?:请你?|喂|机器人)+|(?:吧|啊|呀|好吗|好不好|谢谢)+$"),
}
_NEGATION = re.compile(r"\b(?:not|no|never|nothing|dis\w+)\b|[不别没]")
#: Letters from which on a phrase is understood in spite of a wrong one, and how alike it has to be.
_LONG, _ALIKE = 9, 0.88


def table(name: str) -> list[tuple[str, str, str]]:
    """Return the rows of a table of this folder: language, command and text."""
    lines = (_FOLDER / f"{name}.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [
        (language, command, text)
        for language, command, text in rows  # one with more or fewer fields is an error
    ]


@cache
def phrases(language: str) -> Mapping[str, str]:
    """Return the phrases of a language, as :func:`plain` has them, with what they ask for."""
    return {
        plain(text, language): command
        for known, command, text in table("phrases")
        if known == language
    }


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that are understood, as IETF tags."""
    return tuple(dict.fromkeys(language for language, _, _ in table("phrases")))


def plain(text: str, language: str) -> str:
    """Return a text in small letters without punctuation; a Chinese one without spaces."""
    text = text.lower().replace("\u2019", "'")
    for short, full in _CONTRACTIONS.items():
        text = re.sub(rf"\b{short}\b", full, text)
    return ("" if language == "zh" else " ").join(re.findall(r"[^\W_]+", text))


def understand(text: str, language: str) -> str:
    """Return what an utterance asks for: one of `COMMANDS`, or empty for nothing.

    A long phrase is understood in spite of a wrong letter, as recognisers make them, unless that
    turns a yes into a no.

    Parameters
    ----------
    text : str
        The whole utterance.
    language : str
        IETF tag such as ``en`` or ``zh-CN``; of another language nothing is understood.
    """
    language = language.split("-")[0].lower()
    if language not in languages():
        return ""
    known = phrases(language)
    whole = _once(plain(text, language))
    said = _once(_PADDING[language].sub("", whole).strip())
    found = known.get(whole) or known.get(said) or _nearly(said, known)
    return found if found in COMMANDS else ""


def _once(said: str) -> str:
    """Return what is said again and again ("stop stop stop") once."""
    repeated = re.fullmatch(r"(.+?)(?: ?\1)+", said)
    return repeated.group(1).strip() if repeated else said


def _nearly(said: str, known: Mapping[str, str]) -> str:
    if len(said) < _LONG:
        return ""
    negative = bool(_NEGATION.search(said))
    alike = difflib.get_close_matches(said, known, n=1, cutoff=_ALIKE)
    if not alike or bool(_NEGATION.search(alike[0])) != negative:
        return ""
    return known[alike[0]]
