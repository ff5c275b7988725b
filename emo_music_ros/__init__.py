# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sense how somebody feels and play the music that helps."""

import os

__version__ = "0.1.0"

# onnxruntime would keep an id of this machine and report to its makers. What reads it reads it when
# it is imported, so it is set before anything else is.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
