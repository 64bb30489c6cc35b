"""Virtual patients: who they are, how they move, how cameras see them, and the exact truth."""
