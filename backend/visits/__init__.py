"""Visits: one appointment with its takes; signing one is in reviews."""
