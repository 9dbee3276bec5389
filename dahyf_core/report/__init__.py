"""A report on a capture as one page: pictures, curves, jitter before and after cleaning, flagged frames."""

from dahyf_core.report.page import write_report

__all__ = ["write_report"]
