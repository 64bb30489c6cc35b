"""Care teams: who works together, and so sees the same patients."""
