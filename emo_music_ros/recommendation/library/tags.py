"""Title, artist and genre, as written into an audio file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def read_tags(path: Path) -> tuple[str, str, str]:
    """Return title (the file name if there is none), artist and genre."""
    import mutagen

    tags: Mapping[str, Any] = {}
    try:
        tags = mutagen.File(path, easy=True) or {}  # type: ignore[attr-defined]
    except Exception as error:  # damaged tags do not make the music unusable
        log.debug("tags of %s are unreadable: %s", path, error)

    def first(*names: str) -> str:
        for name in names:
            try:
                text = _text(tags.get(name))
            except Exception as error:  # neither does a frame that is none
                log.debug("tag %s of %s is unreadable: %s", name, path, error)
                continue
            if text:
                return text
        return ""

    return (
        first("title", "TIT2") or path.stem.replace("_", " "),
        first("artist", "TPE1", "composer", "TCOM"),
        first("genre", "TCON"),
    )


def _text(values: Any) -> str:
    """Return the first value of a tag."""
    value = values[0] if isinstance(values, list) and values else values
    # A WAV file has ID3 frames under their own names.
    text = getattr(value, "text", [value])[0] if value else ""
    # What is no text would end up in databases and messages.
    return str(text).encode("utf-8", "replace").decode("utf-8").strip()
