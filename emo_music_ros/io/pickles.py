# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Pickles of strangers: arrays are read, anything else is refused, as pickles can run code."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np


class ArraysOnly(pickle.Unpickler):
    """Admits what a pickled NumPy array is made of; a pickle that names anything else is refused.

    Raises
    ------
    pickle.UnpicklingError
        If the pickle asks for anything else.
    """

    _ADMITTED = {
        **{
            (f"numpy.{core}.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0]
            for core in ("core", "_core")
        },
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names, if it may."""
        if (module, name) not in self._ADMITTED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return self._ADMITTED[module, name]
