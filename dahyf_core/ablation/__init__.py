"""The paper's ablation: networks that differ in one part, trained in the same way with several seeds, and compared."""

from dahyf_core.ablation.recipe import with_backbone, with_hands
from dahyf_core.ablation.rows import ROWS, Row, select_rows
from dahyf_core.ablation.study import Study
from dahyf_core.ablation.tables import write_results

__all__ = ["ROWS", "Row", "Study", "select_rows", "with_backbone", "with_hands", "write_results"]
