"""Measuring on the speech of older adults."""
