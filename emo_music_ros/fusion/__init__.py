"""Fusion: from encodings of several modalities to one emotion state."""
