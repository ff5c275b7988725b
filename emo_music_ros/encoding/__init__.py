"""Encoders: from a stream of one modality to embeddings and emotion estimates."""
