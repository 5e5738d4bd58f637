"""The portal: a vendor's people see what is said of their tickets and answer it; the company rules. Pages without scripts.

Start here: ``scope`` is the one object through which data is reached, ``routes`` what there is, ``guard`` who may pass.
"""
