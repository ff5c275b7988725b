"""What every node shares: lifecycle, quality of service, parameters, conversions."""
