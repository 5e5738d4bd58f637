"""What was agreed with a vendor: the contract, its calendar, readings, periods, and the thresholds of patterns and alerts."""
