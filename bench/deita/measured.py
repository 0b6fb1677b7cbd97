"""What the selections in Python share: arguments VECTORS.npy SCORES.npy TAU SIZE MEMORY_GB, an answer in JSON.

Seconds go from the vectors' file to the last pick; imports do not count. `reason` says why there are no picks.
"""

import json
import resource
import sys
import time
from collections.abc import Callable

import numpy


def measure(select: Callable[[numpy.ndarray, numpy.ndarray, float, int], list[int]]) -> None:
    """Calls select(vectors, row numbers by score, tau, size), which returns the picked rows in their order."""
    vectors_file, scores_file, tau, size, memory_gb = sys.argv[1:]
    most_bytes = int(float(memory_gb) * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))
    answer: dict[str, object]
    start, used = time.perf_counter(), time.process_time()
    try:
        vectors = numpy.load(vectors_file)
        order = numpy.argsort(-numpy.load(scores_file)[:, 0], kind="stable")
        rows = select(vectors, order, float(tau), int(size))
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - used
        answer = {"seconds": seconds, "cpuSeconds": cpu_seconds, "rows": rows}
    except MemoryError:
        answer = {"reason": f"needs more than {memory_gb} GB"}
    peak_memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**answer, "peakMemoryMb": peak_memory_mb}))
