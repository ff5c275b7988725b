"""What the encoders share: interface, buffers, filters, networks, results."""
