"""Which track: target, scores, strategies."""
