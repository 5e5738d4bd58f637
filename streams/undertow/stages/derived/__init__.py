"""Everything that follows from a casebook's rows. Never stored, rebuilt after recovery; ``judgements`` holds it together.

``contacts``, ``few`` and ``index`` know a customer's tickets, ``owed`` and ``due`` what is to be judged, ``sums`` what the cells
hold.
"""
