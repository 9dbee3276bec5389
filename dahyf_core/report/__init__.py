"""A capture on one page that a person reads: pictures, curves, jitter before and after, what to look at again."""

from dahyf_core.report.page import write_report

__all__ = ["write_report"]
