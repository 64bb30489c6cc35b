"""Encrypted storage of byte strings of any length; who owns and uses them is not told here."""
