"""The student as a Temporal activity worker: `trainRound` and its kin on queue `student`, one at a time.

    SEEDMILL_STORE=file:///data/runs python models/student/worker.py [--queue student]

Finds Temporal by the usual TEMPORAL_* settings and profiles (default 127.0.0.1:7233, namespace `default`). Prints one
line of JSON once it polls: {"ready": "student", "queue": "student", "store": "file:///data/runs"}.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import warnings
from datetime import timedelta
from pathlib import Path

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parents[2])

# OpenMP's threads would otherwise spin while they wait, and take the cores from everything else on the machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# No progress bars in a log file.
os.environ.setdefault("TQDM_DISABLE", "1")
# Without it CUDA's matrix products refuse to be deterministic.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import torch
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.worker import Worker

from models.store import StoreError, open_store
from models.student.activity import StudentActivities

CONNECT_SECONDS = 60

# peft still asks transformers by a name that is about to change.
warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")


def main() -> None:
    """Runs until SIGTERM or SIGINT. Exit code 2 with one line on stderr when it cannot start."""
    parser = argparse.ArgumentParser(prog="student", description="Train the student: a Temporal activity worker.")
    parser.add_argument("--queue", default="student", help="task queue (default student)")
    queue = parser.parse_args().queue
    # Some CUDA kernels have no deterministic form; the CPU promises the same bytes and so must not warn only.
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())
    torch.set_num_threads(torch.get_num_threads())  # fixed: MKL would otherwise choose anew at every call
    try:
        asyncio.run(work(queue))
    except (StoreError, RuntimeError, ValueError, OSError) as error:
        print(f"student: {error}", file=sys.stderr, flush=True)
        sys.exit(2)


async def work(queue: str) -> None:
    """Polls the queue until told to end; a round in progress goes on from its last batch wherever it runs next."""
    url = os.environ.get("SEEDMILL_STORE")
    if not url:
        raise ValueError("SEEDMILL_STORE is not set: give the store's URL, file:///folder or s3://bucket/prefix")
    store = open_store(url)
    client = await connect()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    activities = StudentActivities(store)
    async with Worker(
        client,
        task_queue=queue,
        activities=activities.all(),
        max_concurrent_activities=1,
        graceful_shutdown_timeout=timedelta(0),
    ):
        print(json.dumps({"ready": "student", "queue": queue, "store": store.url}), flush=True)
        await ended.wait()


async def connect() -> Client:
    """A client by the usual settings; waits for a server that is still starting."""
    config = ClientConfig.load_client_connect_config()
    address = config.setdefault("target_host", "127.0.0.1:7233")
    for attempt in range(CONNECT_SECONDS + 1):
        try:
            return await Client.connect(**config)
        except RuntimeError as error:
            if attempt == CONNECT_SECONDS:
                raise RuntimeError(f"no Temporal server at {address}: {error}") from error
            await asyncio.sleep(1)
    raise AssertionError("unreachable")


if __name__ == "__main__":
    main()
