"""Visits against each other: changes of two, trends over all."""
