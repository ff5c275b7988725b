# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Units as devices and files write them, and values in the unit of their kind.

SI prefixes and names are taken apart; upper and lower case count where they must (``mV``, ``MV``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.streams import UNITS, FloatArray

#: Prefix -> factor. Micro is written with either of two Greek letters, or as u.
_PREFIXES = {
    "": 1.0,
    "n": 1e-9, "nano": 1e-9,
    "u": 1e-6, "\u00b5": 1e-6, "\u03bc": 1e-6, "micro": 1e-6,
    "m": 1e-3, "milli": 1e-3,
    "k": 1e3, "K": 1e3, "kilo": 1e3,
    "M": 1e6, "mega": 1e6,
}  # fmt: skip
#: Names of a unit in lower case -> its sign.
_NAMES = {
    "v": "V", "volt": "V", "volts": "V",
    "s": "S", "siemens": "S", "mho": "S", "mhos": "S", "\u2127": "S",
    "ohm": "Ohm", "ohms": "Ohm", "\u03c9": "Ohm",
    "g": "g", "gee": "g", "gravity": "g", "standard gravity": "g", "g-force": "g",
    "m/s^2": "m/s2", "m/s2": "m/s2", "m/s\u00b2": "m/s2", "m/s/s": "m/s2", "ms-2": "m/s2",
    "m s-2": "m/s2", "meters per second squared": "m/s2",
    "degc": "degC", "c": "degC", "\u00b0c": "degC", "\u2103": "degC", "celsius": "degC",
    "deg c": "degC", "degrees celsius": "degC", "degree celsius": "degC", "cel": "degC",
    "degf": "degF", "f": "degF", "\u00b0f": "degF", "\u2109": "degF", "fahrenheit": "degF",
    "deg f": "degF", "degrees fahrenheit": "degF",
    "k": "K", "kelvin": "K",
}  # fmt: skip
#: What no prefix goes with: the first letter of its name is no prefix.
_WHOLE = ("m/s2", "degC", "degF")
#: Prefixes that make no sense where a body is measured: they are a slip of the keyboard.
_ABSURD = {"V": ("k", "K", "kilo", "M", "mega"), "S": ("k", "K", "kilo", "M", "mega")}

Conversion = Callable[[FloatArray], FloatArray]


def _times(factor: float, values: FloatArray) -> FloatArray:
    return np.asarray(values, np.float32) * np.float32(factor)


def _shifted(factor: float, shift: float, values: FloatArray) -> FloatArray:
    return np.asarray(np.asarray(values, np.float64) * factor + shift, np.float32)


def _inverse(factor: float, values: FloatArray) -> FloatArray:
    """Return conductance [uS] of resistance; none or less of it is no measurement."""
    ohms = np.asarray(values, np.float64) * factor
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(ohms > 0, 1e6 / ohms, np.nan), np.float32)


def parsed(unit: str) -> tuple[float, str] | None:
    """Return factor and sign of a unit, such as (1e-6, "V") of ``microvolts``; None = unknown."""
    text = re.sub(r"\s+", " ", unit.replace("\u2126", "\u03a9").strip().strip("[]()"))
    for prefix in sorted(_PREFIXES, key=len, reverse=True):
        rest = text[len(prefix) :].strip()
        if text.startswith(prefix) and (sign := _NAMES.get(rest.lower())):
            if (not prefix or sign not in _WHOLE) and prefix not in _ABSURD.get(sign, ()):
                return _PREFIXES[prefix], sign
    if text[:1].isupper() and text[:1] not in "MK":  # UV, NS, MicroVolt
        return parsed(text[:1].lower() + text[1:])
    if text[:5].lower() in ("micro", "milli") and text[0].isupper():
        return parsed(text.lower())
    return None


@lru_cache(1024)
def conversion(kind: str, unit: str, name: str) -> Conversion | None:
    """Return what turns values of a unit into the unit of a kind, None if nothing need be done.

    Parameters
    ----------
    kind : str
        One of :data:`~emo_music_ros.streams.UNITS`.
    unit : str
        As the device or file says; empty = it says nothing, and has the unit of the kind.
    name : str
        What has that unit, for people.

    Raises
    ------
    InputError
        If the unit is not known, or measures something else.
    """
    wanted = UNITS[kind]
    if not unit.strip() or unit.strip() == wanted or wanted == "a.u.":
        return None
    target = {"eeg": "V", "ecg": "V", "eda": "S", "temperature": "degC", "acceleration": "g"}[kind]
    scale = {"eeg": 1e6, "ecg": 1e3, "eda": 1e6}.get(kind, 1.0)
    found = parsed(unit)
    made: Conversion | None = None
    if found is not None:
        factor, sign = found
        if sign == target:
            made = partial(_times, factor * scale)
        elif (sign, target) == ("Ohm", "S"):
            made = partial(_inverse, factor)
        elif (sign, target) == ("m/s2", "g"):
            made = partial(_times, 1 / 9.80665)
        elif (sign, target) == ("K", "degC"):
            made = partial(_shifted, factor, -273.15)
        elif (sign, target) == ("degF", "degC"):
            made = partial(_shifted, 5 / 9, -160 / 9)
    if made is None:
        raise InputError(
            f"{name}: refused, its unit '{unit}' is none of {kind}",
            f"Send it in {wanted}, or in a unit that can be converted, such as {_EXAMPLES[kind]}",
        )
    return made


def standard(
    kind: str, values: FloatArray, units: Sequence[str], name: str
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return values [samples, channels] in the unit of their kind, and the unit of each channel.

    Parameters
    ----------
    kind : str
        One of :data:`~emo_music_ros.streams.UNITS`.
    values : numpy.ndarray
        [samples, channels].
    units : sequence of str
        One for every channel; none, or empty = that of the kind.
    name : str
        What has those units, for people.

    Raises
    ------
    InputError
        If there is no such kind, or a unit is not known or measures something else.
    """
    if kind not in UNITS:
        raise InputError(f"{name}: there is no kind of signal '{kind}'", f"Use {', '.join(UNITS)}")
    if not units:
        return values, ()
    if len(units) != values.shape[1]:
        raise InputError(
            f"{name}: it has {len(units)} units for {values.shape[1]} channels", "Name all or none"
        )
    changes = [conversion(kind, unit, name) for unit in units]
    kept = tuple(
        UNITS[kind] if change or not unit else unit for change, unit in zip(changes, units)
    )
    if not any(changes):
        return values, kept
    columns = [
        values[:, place] if change is None else change(values[:, place])
        for place, change in enumerate(changes)
    ]
    return np.column_stack(columns).astype(np.float32), kept


_EXAMPLES = {
    "eeg": "V, mV, nV or microvolts",
    "ecg": "V, uV or millivolts",
    "eda": "S, nS, microsiemens, ohm or kohm",
    "temperature": "K or degF",
    "acceleration": "m/s^2 or mg",
}
