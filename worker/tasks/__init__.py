"""What a worker does for each kind of job: fetch, have it computed, publish."""
