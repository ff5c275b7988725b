# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the trainings share: calibration, export, cards, finished steps, reports, baselines."""
