"""What leaves the company: statements as HTML, CSV, JSON and PDF. Customers appear under pseudonyms only."""
