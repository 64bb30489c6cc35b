"""The site as administrators see it: room, work, models in use, how long things are kept."""
