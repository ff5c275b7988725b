# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Declared options: one dataclass is declaration, validation and documentation at once.

Nodes and plugins describe what can be set as a frozen dataclass whose fields are made by
:func:`option`. The command line, the ROS parameters and the tables of the documentation are
all derived from it.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from emo_music_ros.errors import OptionError

T = TypeVar("T")


@dataclass(frozen=True)
class Rule:
    """What a value must satisfy. Bounds are inclusive; `dynamic` marks run-time changes as safe."""

    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    dynamic: bool = False


def option(
    default: Any,
    description: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Any] = (),
    dynamic: bool = False,
) -> Any:
    """Declare one field of an options dataclass.

    Parameters
    ----------
    default : bool, int, float, str or list of str
        The default; its type is the type of the option.
    description : str
        One line with the unit.
    low, high : float, optional
        Inclusive bounds of a number.
    choices : sequence, optional
        The only values allowed.
    dynamic : bool
        True if the value may change while the node is active.
    """
    metadata = {"rule": Rule(description, low, high, tuple(choices), dynamic)}
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def default_of(entry: dataclasses.Field[Any]) -> Any:
    """Return the default value of a dataclass field made by :func:`option`."""
    if entry.default_factory is not dataclasses.MISSING:
        return entry.default_factory()
    return entry.default


def rule_of(entry: dataclasses.Field[Any]) -> Rule:
    """Return the rule of a dataclass field made by :func:`option`."""
    rule: Rule = entry.metadata["rule"]
    return rule


def check(name: str, value: Any, default: Any, rule: Rule) -> Any:
    """Return `value` in the type of `default`, or raise naming the parameter and what is allowed.

    Raises
    ------
    OptionError
        If the type is wrong, the number is not finite or outside its bounds, or not a choice.
    """
    kind = type(default)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if kind is list and isinstance(value, (tuple, list)):
        value = [str(item) for item in value]
    if type(value) is not kind:
        raise OptionError(
            f"parameter '{name}' is {value!r} ({type(value).__name__})",
            f"Give a {kind.__name__}, for example {default!r}",
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise OptionError(f"parameter '{name}' is {value}", "Give a finite number")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if rule.low is not None and value < rule.low or rule.high is not None and value > rule.high:
            low = "-inf" if rule.low is None else f"{rule.low:g}"
            high = "inf" if rule.high is None else f"{rule.high:g}"
            raise OptionError(
                f"parameter '{name}' is {value:g}", f"Give a number from {low} to {high}"
            )
    if rule.choices and value not in rule.choices:
        raise OptionError(
            f"parameter '{name}' is {value!r}",
            "Give one of " + ", ".join(repr(choice) for choice in rule.choices),
        )
    return value


def nearest(word: str, known: Sequence[str]) -> str:
    """Return a 'did you mean' sentence for a mistyped word."""
    match = difflib.get_close_matches(word, known, n=1)
    listed = ", ".join(sorted(known))
    return f"Did you mean '{match[0]}'? Known: {listed}" if match else f"Known: {listed}"


def build(options: type[T], values: Mapping[str, Any], prefix: str = "") -> T:
    """Build an options dataclass from loose values.

    Parameters
    ----------
    options : type
        Dataclass whose fields were made by :func:`option`.
    values : mapping
        Values by field name; missing ones take their default.
    prefix : str
        Put before the names in error messages.

    Raises
    ------
    OptionError
        If a name is unknown or a value is refused.
    """
    entries = {entry.name: entry for entry in fields(options)}  # type: ignore[arg-type]
    for name in values:
        if name not in entries:
            raise OptionError(
                f"parameter '{prefix}{name}' does not exist", nearest(name, list(entries))
            )
    return options(
        **{
            name: check(prefix + name, values[name], default_of(entry), rule_of(entry))
            for name, entry in entries.items()
            if name in values
        }
    )
