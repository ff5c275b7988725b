"""The response model: training and measuring."""
