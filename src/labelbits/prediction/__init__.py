"""Quality of recovery without fitting or simulating, and a refusal where that was not checked."""

from labelbits.prediction.quality import Checked, Prediction, predict_quality
from labelbits.prediction.regime import NotCheckedError

__all__ = ["Checked", "NotCheckedError", "Prediction", "predict_quality"]
