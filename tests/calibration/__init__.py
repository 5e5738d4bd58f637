"""Do the intervals and alarms keep their promise? Simulations with known truth; each module prints its table when run.

PYTHONPATH=tests python -m calibration.silence --seeds 200
"""
