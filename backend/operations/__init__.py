"""Running the service: is it well, what are its figures, how it is saved and brought back."""
