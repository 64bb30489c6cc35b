"""Invitations: a colleague from outside the care team, let in to one patient for a time."""
