"""What is stated of a vendor's period once it is over, and every later change as an adjustment.

``counts`` is the sheet that is kept, ``adjustments`` hold a later one against it, ``drawn_up`` makes the ``statement``.
"""
