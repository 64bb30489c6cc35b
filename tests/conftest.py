"""One thread for each test process: cores are shared, and sums keep one order."""

import os
import signal

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A run in the background inherits an ignored Ctrl-C; the tests that press it must not.
signal.signal(signal.SIGINT, signal.default_int_handler)
