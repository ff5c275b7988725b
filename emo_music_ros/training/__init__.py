# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Training and evaluation of the models. The only place that needs torch or scikit-learn."""
