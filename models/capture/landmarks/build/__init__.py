"""Build-time only: turns pinned third-party packages into the committed landmark assets."""
