"""What the worker shows: a catalog of every metric, a board the loop writes, a collector and a server that read it."""
