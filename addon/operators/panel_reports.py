"""Reports of operators that also stay in their section of the panel, until the next run."""

from ..backend import notices
from ..narrowing import OperatorMixin


class PanelReports(OperatorMixin):
    """Mix into an operator. `section` is the part of the panel that shows its reports."""

    section = ""

    def report_in_panel(self, kind: notices.Kind, text: str) -> None:
        """Report a sentence of that kind, and show it in the panel. Warnings come after the text of the result."""
        before = notices.of(self.section) if getattr(self, "has_reported", False) else None
        if before is None:
            notice = notices.Notice(kind, text)
        elif kind == notices.INFO:
            notice = notices.Notice(before.kind, text, before.sentences)
        else:
            notice = notices.Notice(kind, before.text, f"{before.remedy} {text}".strip())
        self.has_reported = True
        notices.put(self.section, notice)
        self.report({kind}, text)
