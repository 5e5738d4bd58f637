"""How one ticket was served: measures on both clocks, held against targets and claims, and what explains a difference.

Read ``measures`` first, then ``actuals``, ``comparison``, ``explain``.
"""
