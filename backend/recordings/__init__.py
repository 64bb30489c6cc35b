"""Recordings: one to three views taken together, from their announcement to their videos."""
