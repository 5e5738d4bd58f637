"""The three stages without Faust: records and state in, state and effects out. The agents and ``replay`` call the same."""
