"""Scores, intervals, calibration and decision rules on prediction tables. Free of torch."""
