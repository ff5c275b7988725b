# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What all tests share: properties are judged by what holds, not by how long a machine takes."""

import atexit
import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# What numba compiles for librosa, with which tests compare, is kept in files. Two processes that
# write and load them at the same time can crash: each has its own.
if "NUMBA_CACHE_DIR" not in os.environ or "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix="numba-")
    atexit.register(shutil.rmtree, os.environ["NUMBA_CACHE_DIR"], ignore_errors=True)

settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture
def mortal() -> Iterator[None]:
    """Make the rights of files hold for this thread, also where root runs the tests."""
    if os.geteuid():
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    # Version 3; the calling thread.
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    # Effective, permitted, inheritable; twice.
    before, without = (ctypes.c_uint32 * 6)(), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0, os.strerror(ctypes.get_errno())
    without[:] = before[:]
    without[0] &= ~0b111  # CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert libc.capset(header, without) == 0, os.strerror(ctypes.get_errno())
    yield
    assert libc.capset(header, before) == 0, os.strerror(ctypes.get_errno())
