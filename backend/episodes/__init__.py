"""Episodes of illness and what happened in them."""
