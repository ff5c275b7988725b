"""Loaders of published corpora, one a file; each returns a :class:`~.base.Corpus`."""
