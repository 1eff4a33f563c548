"""One thread per process: tests run beside each other, and tiny matrices gain nothing from two."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
