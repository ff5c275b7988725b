# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Endings of the files that can be read, in lower case; the commonest come first."""

VIDEOS = (".mp4", ".avi", ".mkv", ".webm", ".mov", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp")
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
SOUND = (
    ".wav", ".flac", ".ogg", ".mp3", ".oga", ".opus", ".m4a", ".aac", ".webm", ".mka", ".aif",
    ".aiff", ".au", ".caf", ".wma", ".wv", ".ape",
)  # fmt: skip
