"""What runs in the child process: the science on local files; no database, storage or secret."""
