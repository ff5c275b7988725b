"""Train and measure the fusion of modalities."""
