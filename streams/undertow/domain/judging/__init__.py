"""What is said of one ticket: ``outcomes`` is what became of the customer, ``assessment`` holds it against its claims.

``findings`` are what anybody may check, on the ``grounds`` they rest on; ``contributions`` is what goes into the cells.
"""
