"""The three stages without Faust: records and state in, state and effects out. The agents and ``replay`` call the same.

``intake``, ``casebook`` and ``ledger`` are the stages; ``records`` is what they say to each other.
"""
