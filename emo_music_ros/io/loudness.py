# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How loud a recording is: EBU R128, measured by FFmpeg's ``ebur128``."""

from __future__ import annotations

import math
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from emo_music_ros.io.audio import Decoder
from emo_music_ros.io.ffmpeg import library
from emo_music_ros.io.resampling import stereo

#: What the meter prints where it has heard nothing above its gate [LUFS].
GATE = -70.0


class Measured(NamedTuple):
    """Loudness by EBU R128 (ITU-R BS.1770-4); NaN = there was nothing to measure.

    Attributes
    ----------
    integrated : float
        Of the whole recording, gated [LUFS].
    loudest : float
        Highest momentary loudness, over 400 ms [LUFS].
    peak : float
        True peak, oversampled [dB of full scale].
    """

    integrated: float = math.nan
    loudest: float = math.nan
    peak: float = math.nan


def measure(path: str | Path) -> Measured:
    """Return the loudness of a file; of a damaged one that of what can be decoded.

    Raises
    ------
    InputError
        If it cannot be decoded, or PyAV is missing.
    """
    av = library(f"the loudness of '{path}'")
    decoder = Decoder(path)
    with tempfile.TemporaryDirectory(prefix="loudness-") as folder:
        report = Path(folder) / "report"
        try:
            _run(av, decoder, report)
        finally:
            decoder.close()
        return _read(report)


def _run(av: Any, decoder: Decoder, report: Path) -> None:
    """Send a file through the meter, which writes its values into a report."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=decoder.rate,
        format="flt",
        layout="stereo",
        time_base=Fraction(1, decoder.rate),
    )
    # By file, for the metadata of a frame cannot be asked for in every version of PyAV.
    filters = [
        source,
        graph.add("ebur128", "metadata=1:peak=true"),
        graph.add("ametadata", f"mode=print:file={report}"),
        graph.add("abuffersink"),
    ]
    for one, other in zip(filters, filters[1:]):
        one.link_to(other)
    graph.configure()
    place = 0
    while not decoder.ended:
        samples = stereo(decoder.read())  # as it is played: one channel sounds on two sides
        if len(samples):
            packed = np.ascontiguousarray(samples).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="flt", layout="stereo")
            frame.sample_rate, frame.pts = decoder.rate, place
            place += len(samples)
            graph.push(frame)
            _drain(av, graph)
    graph.push(None)
    _drain(av, graph)


def _drain(av: Any, graph: Any) -> None:
    try:
        while True:
            graph.pull()
    except (av.BlockingIOError, av.EOFError):
        pass


def _read(report: Path) -> Measured:
    integrated = peak = 0.0
    loudest = GATE
    if not report.exists():
        return Measured()
    for line in report.read_text("utf-8").splitlines():
        name, _, value = line.partition("=")
        if name == "lavfi.r128.I":
            integrated = float(value)
        elif name == "lavfi.r128.M":
            loudest = max(loudest, float(value))
        elif name == "lavfi.r128.true_peak":
            peak = max(peak, float(value))
    if not integrated > GATE or not math.isfinite(loudest) or peak <= 0.0:
        return Measured()
    return Measured(integrated, loudest, 20.0 * math.log10(peak))
