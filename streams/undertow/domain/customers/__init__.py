"""What customers do after a vendor's tickets: who fell silent, how many more than comparable ones, whom to call.

Read ``silence`` first (who is observed), then ``arms``, ``excess`` and ``night``.
"""
