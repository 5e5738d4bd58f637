"""A vendor's own format to our events, one file a format."""
