"""Benchmarks beside named peers: ``python -m bench``, one thread, one process for each."""
