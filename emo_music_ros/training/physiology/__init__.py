"""Training and measuring of the physiology encoder."""
