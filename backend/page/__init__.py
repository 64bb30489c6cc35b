"""Hands out the browser application: its one document, with a policy of its own, and its files.

The bundle is built from `frontend/` and shipped, so that a machine with Python alone serves it.
"""
