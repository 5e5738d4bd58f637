"""Tickets read once more, off a history or off the topics, by the very functions that did it first: no worker, no Faust.

``replay`` folds a whole history; ``proof`` checks a finding, ``casefile`` tells a ticket, ``dossier`` illustrates a statement.
"""
