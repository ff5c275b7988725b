"""Sensing: devices, recordings and the demonstration, all as sources of samples."""
