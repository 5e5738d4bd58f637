"""What is counted: cells by vendor, segment and day; the ledger that adds them up over windows; what chance would bring.

Read ``cells`` first: a cell is all that a ticket leaves behind it on its way to a figure.
"""
