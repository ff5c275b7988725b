"""Readers of files: one per format, used by sensing, encoding, library and training."""
