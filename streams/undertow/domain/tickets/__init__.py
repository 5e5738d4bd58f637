"""What happened to one ticket: its facts as a join, and the two readings of them.

``timeline`` is what anybody next to a ticket asks (when it was solved, reopened, what was claimed last); ``course`` is one
pass over the same facts for all that its own measures need. ``story`` and ``lesson`` tell them in words.
"""
