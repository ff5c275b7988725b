"""Training and measuring of the speech encoder."""
