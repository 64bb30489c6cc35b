"""Work for the workers: the row is the job, the broker's message only a doorbell."""
