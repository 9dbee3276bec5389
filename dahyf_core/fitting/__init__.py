"""Batched inverse kinematics: hand parameters from image points, 3D points and priors.

Also the annotator of training data. Levenberg-Marquardt with exact derivatives, many hands at once, numpy alone.
"""

from dahyf_core.fitting.fit import FitResult, fit
from dahyf_core.fitting.targets import FitSettings, FitTargets

__all__ = ["FitResult", "FitSettings", "FitTargets", "fit"]
