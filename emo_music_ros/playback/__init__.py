"""Playback: decode, mix, cross-fade and put out sound."""
