"""Where recordings with known truth come from: synthetic patients and dataset adapters."""
