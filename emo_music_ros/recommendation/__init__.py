"""Recommendation: a library of analysed music, a memory per person, and the choice between them."""
