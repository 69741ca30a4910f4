"""Freed memory: kept for the next batch rather than given back to the system.

Each batch needs the same few megabytes again. The GNU C library gives blocks of that size back as
soon as they are free, and every page that is asked for anew is a page fault: a third of the time
of a lint where faults are dear, as on virtual machines.
"""

KEPT_BYTES = 64 * 1024 * 1024  # more than a batch takes; what is larger is given back as before

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of mallopt(3)


def keep_freed_memory() -> None:
    """Tell the C library, if it is one that can be told; processes forked later know it too."""
    import ctypes

    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    set_option(_TRIM_THRESHOLD, KEPT_BYTES)
    set_option(_MMAP_THRESHOLD, KEPT_BYTES)
