# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Threads that each take and give back what a picture takes, and keep a little of each round.
CHURN = """
import ctypes, sys, threading
from emo_music_ros.ros.heap import compact_heap, trim_heap
libc = ctypes.CDLL(None)
if not hasattr(libc, "mallinfo2"):
    print("no glibc"); sys.exit()
if sys.argv[1] == "compact":
    compact_heap()
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
gate = threading.Barrier(12)
def churn(number):
    gate.wait()
    for size in range(50):
        block = libc.malloc(900 * 1024 + size * 1024)
        ctypes.memset(block, 1, 1024)
        kept = libc.malloc(2000)
        libc.free(block)
    gate.wait()
threads = [threading.Thread(target=churn, args=(n,)) for n in range(12)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in names]
libc.mallinfo2.restype = Info
print(libc.mallinfo2().fordblks)
"""


def free_in_heaps(how):
    done = subprocess.run(
        [sys.executable, "-c", CHURN, how], cwd=ROOT, capture_output=True, text=True, check=True
    )
    if "glibc" in done.stdout:
        pytest.skip("the heap is not that of glibc")
    return int(done.stdout)


def test_what_threads_gave_back_is_not_kept():
    assert free_in_heaps("compact") < free_in_heaps("as it is") / 2


HOLES = """
import re, ctypes
from emo_music_ros.ros.heap import trim_heap
libc = ctypes.CDLL(None)
if not hasattr(libc, "malloc_trim"):
    print("no glibc"); raise SystemExit
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
def resident():
    return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1])
blocks = [libc.malloc(60_000) for _ in range(2000)]
for block in blocks:
    ctypes.memset(block, 1, 60_000)
for block in blocks[:-1]:  # the last one keeps the heap from shrinking
    libc.free(block)
before = resident()
trim_heap()
print(before - resident())
"""


def test_what_is_free_within_the_heap_is_given_back():
    done = subprocess.run(
        [sys.executable, "-c", HOLES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    if "glibc" in done.stdout:
        pytest.skip("the heap is not that of glibc")
    assert int(done.stdout) > 50_000  # of 120,000 kB
