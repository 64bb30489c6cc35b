"""Merging: two records of one person made one, and parted again."""
