"""Emotion from faces."""
