# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Modalities that a network of the fusion was not trained on: they join by a reliability."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.errors import OptionError
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.strategies import trust_in
from emo_music_ros.options import option


@dataclass(frozen=True)
class OtherOptions:
    """What the network does not know: reliability 0..1 by modality, and how it ages."""

    physiology: float = option(0.6, "reliability of the body signals", low=0, high=1, dynamic=True)
    eeg: float = option(0.2, "reliability of the EEG", low=0, high=1, dynamic=True)
    interaction: float = option(0.2, "reliability of the behaviour", low=0, high=1, dynamic=True)
    other: float = option(0.5, "reliability of any other modality", low=0, high=1, dynamic=True)
    reliabilities: str = option(
        "", "reliability of further modalities: gait=0.7, pen=0.4", dynamic=True
    )
    half_life: float = option(
        20.0,
        "age at which evidence the network does not know counts half [s]",
        low=0.1,
        high=600,
        dynamic=True,
    )


def blended(
    item: Evidence, states: NDArray[np.float64], options: OtherOptions
) -> NDArray[np.float64]:
    """Return what a piece of evidence says of the states, [4], as far as it is believed."""
    trust = _trust(item, options)
    return trust * states + (1.0 - trust) / len(STATES)


def _trust(item: Evidence, options: OtherOptions) -> float:
    """Return how far evidence that the network does not know is believed, 0..1."""
    name = item.encoding.modality
    named = reliabilities_of(options.reliabilities)
    if name in named:
        reliability = named[name]
    elif name in ("physiology", "eeg", "interaction"):
        reliability = float(getattr(options, name))
    else:
        reliability = options.other
    return min(trust_in(item, reliability, options.half_life), 1.0)


@lru_cache(maxsize=8)
def reliabilities_of(given: str) -> dict[str, float]:
    """Return reliabilities by name.

    Raises
    ------
    OptionError
        If an entry is not a name and a number from 0 to 1.
    """
    found = {}
    for entry in filter(None, (part.strip() for part in given.split(","))):
        name, _, value = entry.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            found[name.strip()] = -1.0
        if not name.strip() or not 0.0 <= found[name.strip()] <= 1.0:
            raise OptionError(f"reliability '{entry}' is refused", "Give name=0.7, from 0 to 1")
    return found
