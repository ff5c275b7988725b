# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The pieces of the built-in library.

The scores come with the Python package ``music21``; compositions are in the public domain, and
what each file says about its encoding is in :data:`PIECES`. Files whose encoding is restricted
(the Essen collection, Wikifonia sheets marked "all rights reserved") are not used.

Together the pieces cover valence and arousal as the music encoder hears them: for every half of
a unit there are some, most of them where gentle music leads from tense or low to calm.
"""

from __future__ import annotations

from emo_music_ros.recommendation.library.classical import CLASSICAL
from emo_music_ros.recommendation.library.folk import FOLK
from emo_music_ros.recommendation.library.piece import Piece

#: The library.
PIECES: tuple[Piece, ...] = (*CLASSICAL, *FOLK)


def credits() -> list[dict[str, str]]:  # noqa: A001 - the everyday word for it
    """Return title, composer, genre, source and rights of every piece, for people to read."""
    return [
        {
            "title": piece.title,
            "composer": piece.composer,
            "genre": piece.genre,
            "source": piece.reference,
            "rights": piece.rights,
        }
        for piece in PIECES
    ]
