"""The C library's allocator, told to keep the memory that training frees and asks for again.

By default glibc maps every block of 128 kB or more anew and gives it back at once: each temporary of
an iteration (logits, gates) is then zeroed by the kernel page by page as it is touched.
"""

from __future__ import annotations

import ctypes

# Of mallopt(3).
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
KEEP_BYTES = 2**31 - 1  # an int: the most that can be said
GROW_BYTES = 16 * 2**20


def keep_freed_memory() -> bool:
    """Set it for this process; False where the C library is another one."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    wanted = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, KEEP_BYTES), (M_TOP_PAD, GROW_BYTES))
    return all([mallopt(*setting) == 1 for setting in wanted])
