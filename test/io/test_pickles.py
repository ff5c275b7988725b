# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Arrays are read from pickles of strangers, and nothing else is."""

import io
import os
import pickle

import numpy as np
import pytest

from emo_music_ros.io.pickles import ArraysOnly


@pytest.mark.parametrize("protocol", [3, 4])
def test_arrays_are_read(protocol):
    content = {"data": np.arange(6.0).reshape(2, 3), "labels": np.zeros(2, np.int16)}
    found = ArraysOnly(io.BytesIO(pickle.dumps(content, protocol))).load()
    np.testing.assert_array_equal(found["data"], content["data"])
    assert found["labels"].dtype == np.int16


@pytest.mark.parametrize("hostile", [os.system, print, np.load])
def test_anything_else_is_refused(hostile):
    with pytest.raises(pickle.UnpicklingError, match="it asks for"):
        ArraysOnly(io.BytesIO(pickle.dumps(hostile))).load()
