"""Forecasts of learning curves beyond what was measured."""
