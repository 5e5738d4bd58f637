"""Real brokers for tests; none of them is a mock."""
