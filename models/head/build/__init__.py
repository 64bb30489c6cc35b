"""Builds the committed open head from its CC0 source; never imported at run time."""
