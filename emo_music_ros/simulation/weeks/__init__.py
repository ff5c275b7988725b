# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Four weeks of simulated listeners whose response was fitted to people (paper A, section 3.2)."""
