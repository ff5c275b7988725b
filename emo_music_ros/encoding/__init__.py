# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Encoders: from a stream of one modality to embeddings and emotion estimates."""
