"""Emotion from words."""
