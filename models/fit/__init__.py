"""Joint multi-view fit of the head model to what the cameras saw; no video, no files."""
