"""How quality is judged: one entry a metric, read by curves, forecasts, plans and reports."""

from __future__ import annotations

from labelbits.metrics.metric import Metric, Shape
from labelbits.metrics.registry import METRICS, metric_of, shape_of

__all__ = ["METRICS", "Metric", "Shape", "metric_of", "shape_of"]
