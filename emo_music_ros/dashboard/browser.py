# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The pages in the browser of this machine."""

from __future__ import annotations

import os
import threading
import webbrowser


def show(address: str) -> None:
    """Open an address where there is a display; nobody waits for the browser."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
