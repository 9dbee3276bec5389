"""Measures of hand capture, side by side: each module one yardstick, all told by ../yardsticks.py."""
