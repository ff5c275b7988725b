# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Messages made from what plugins deliver, every field converted to its declared type.

The generated code of a message believes what it is given: a NumPy scalar where a float belongs
aborts the process when the message is sent.
"""

from __future__ import annotations

import math
import operator
import os
from array import array
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np

from emo_music_ros.errors import PluginError
from emo_music_ros.ros.stamps import floats, header, stamp

_FLOAT32_MAX = float(np.finfo(np.float32).max)


def fill(kind: Any, /, **values: Any) -> Any:
    """Return a message of the kind with its fields set.

    Parameters
    ----------
    kind : type
        Message class.
    **values : object
        By field. NumPy scalars, arrays without dimensions and paths become what the field takes;
        None becomes an empty string or the float NaN, which is how messages say that there is no
        value; a number becomes a header or time of so many unix seconds; a mapping gives its keys
        to a sequence of texts and its values to one of numbers. Nothing is rounded, cut or read
        out of a string.

    Raises
    ------
    PluginError
        If a value does not fit its field; it names both.
    """
    makers = _makers(kind)
    fields = {}
    for name, value in values.items():
        make, description = makers[name]
        try:
            fields[name] = make(value)
        except (TypeError, ValueError, OverflowError, AttributeError) as error:
            shown = repr(value)
            raise PluginError(
                f"{kind.__name__}.{name} cannot be {shown[:80]} ({type(value).__name__}): "
                f"{error or 'it does not fit'}",
                f"Correct the plugin that delivered it; the field takes {description}",
            ) from error
    return kind(**fields)


def code(names: Any, name: Any, field: str) -> int:
    """Return the number that a message has for a name.

    Parameters
    ----------
    names : dict or sequence of str
        Name -> number, or the names in the order of their numbers.
    name : str
        What a plugin delivered.
    field : str
        Where it goes, for the message of the error.

    Raises
    ------
    PluginError
        If there is no such name.
    """
    known = names if isinstance(names, dict) else {name: index for index, name in enumerate(names)}
    try:
        return int(known[name])
    except (KeyError, TypeError):
        raise PluginError(
            f"{field} cannot be {name!r}",
            f"Correct the plugin that delivered it; it is one of {', '.join(known)}",
        ) from None


def _text(value: Any) -> str:
    if type(value) is not str:
        if value is None:
            return ""
        value = _scalar(value)
        text = str(value) if isinstance(value, str) else os.fspath(value)
        if not isinstance(text, str):
            raise TypeError("bytes are no text")
        value = text
    if "\0" in value:
        raise ValueError("the text has a NUL in it")
    if not value.isascii():
        value.encode()  # refuses lone surrogates, as in file names that are not UTF-8
    return value


def _double(value: Any) -> float:
    value = _scalar(value)
    if value is None:
        return math.nan
    if isinstance(value, str | bytes | np.ndarray) or not hasattr(value, "__float__"):
        raise TypeError("it is no number")
    return float(value)


def _float32(value: Any) -> float:
    number = value if type(value) is float else _double(value)
    if abs(number) > _FLOAT32_MAX and not math.isinf(number):
        raise OverflowError("it is out of range")
    return number


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def make(value: Any) -> int:
        value = _scalar(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        number = int(operator.index(value))
        if not low <= number <= high:
            raise OverflowError("it is out of range")
        return number

    return make


def _flag(value: Any) -> bool:
    value = _scalar(value)
    if isinstance(value, str | bytes) or value not in (0, 1):
        raise TypeError("it is neither true nor false")
    return bool(value)


def _texts(values: Any) -> list[str]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError("it is no sequence of texts")
    return [_text(value) for value in values]


def _floats(values: Any) -> array[float]:
    numbers = np.asarray(list(values.values()) if isinstance(values, Mapping) else values)
    if numbers.ndim != 1:
        raise TypeError("it has not one dimension")
    if numbers.dtype == np.float32:
        return floats(numbers)
    if numbers.dtype.kind not in "biuf":
        numbers = np.array([_float32(value) for value in values], np.float64)
    with np.errstate(over="ignore"):
        single = numbers.astype(np.float32)
    if np.isinf(single).sum() > np.isinf(numbers).sum():
        raise OverflowError("a number is out of range")
    return floats(single)


def _time(make: Callable[[float], Any]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if hasattr(value, "SLOT_TYPES"):
            return value
        seconds = _double(value)
        if seconds >= 2**31:
            raise OverflowError("it is out of range")
        return make(seconds)

    return convert


def _message(value: Any) -> Any:
    if not hasattr(value, "SLOT_TYPES"):
        raise TypeError("it is no message")
    return value


def _messages(values: Any) -> list[Any]:
    return [_message(value) for value in values]


def _scalar(value: Any) -> Any:
    """Return the Python object in a NumPy scalar or an array without dimensions."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return value


#: Declared type -> conversion, and what it takes, in words.
_MAKERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "string": (_text, "a text in UTF-8"),
    "boolean": (_flag, "true or false"),
    "float": (_float32, "a number of 32 bits"),
    "double": (_double, "a number"),
    "sequence<string>": (_texts, "a sequence of texts in UTF-8"),
    "sequence<float>": (_floats, "a sequence of numbers of 32 bits"),
    "std_msgs/Header": (_time(header), "unix seconds"),
    "builtin_interfaces/Time": (_time(stamp), "unix seconds"),
    **{
        f"uint{bits}": (_whole(0, 2**bits - 1), f"a whole number from 0 to {2**bits - 1}")
        for bits in (8, 16, 32, 64)
    },
    **{
        f"int{bits}": (
            _whole(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1),
            f"a whole number from {-(2 ** (bits - 1))} to {2 ** (bits - 1) - 1}",
        )
        for bits in (8, 16, 32, 64)
    },
}


@cache
def _makers(kind: Any) -> dict[str, tuple[Callable[[Any], Any], str]]:
    def maker(declared: str) -> tuple[Callable[[Any], Any], str]:
        if declared in _MAKERS:
            return _MAKERS[declared]
        return (_messages if declared.startswith("sequence<") else _message), declared

    return {name: maker(declared) for name, declared in kind.get_fields_and_field_types().items()}
