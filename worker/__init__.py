"""Takes jobs from the queue, runs the science in a child process and publishes its result."""
