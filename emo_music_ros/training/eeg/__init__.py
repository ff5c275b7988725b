"""Training and measuring of the EEG encoder."""
