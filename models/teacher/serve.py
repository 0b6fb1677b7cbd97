"""Serves a GGUF over the OpenAI protocol with llama.cpp, on this machine only.

    python models/teacher/serve.py --bundled --port 8080
    python models/teacher/serve.py --gguf model.gguf
    python models/teacher/serve.py --bundled --identify      # {"model", "path", "sha256"}, serves nothing

Endpoints: /v1/completions, /v1/chat/completions, /v1/embeddings, /v1/models, /health. Prints one line of JSON once it
answers:
    {"ready": "http://127.0.0.1:8080/v1", "model": "smollm2-135m", "sha256": "25a37…"}
Ends at once on SIGTERM or SIGINT: it keeps no state. Exit code 2 with one line on stderr when it cannot start.
"""

import argparse
import errno
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from models.bundled import NAME, ModelNotFound, bundled_gguf, sha256_file

GGUF_MAGIC = b"GGUF"
# llama.cpp reads a text whose vector is wanted in one pass: the longest one, in tokens. One of 2,000 takes 0.8 GB more.
LONGEST_EMBEDDED = 2048


def main() -> None:
    """Reads the command line, loads the model, serves until told to end."""
    options = parse(sys.argv[1:])
    model, path = find_model(options)
    identity = {"model": model, "path": str(path), "sha256": sha256_file(path)}
    if options.identify:
        print(json.dumps(identity), flush=True)
        return
    # The default action of both signals ends the process at once, also while llama.cpp loads or generates.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    options.port = choose_port(options.port)
    address = serve(options, model, path)
    print(json.dumps({"ready": f"{address}/v1", "model": model, "sha256": identity["sha256"]}), flush=True)
    while True:
        signal.pause()


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line. Defaults were measured: models/README.md, Teacher."""
    parser = argparse.ArgumentParser(prog="teacher", description="Serve a GGUF over the OpenAI protocol.")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--gguf", type=Path, help="the model's file")
    which.add_argument("--bundled", action="store_true", help="SmolLM2-135M-Instruct, as installed with seedmill")
    parser.add_argument("--identify", action="store_true", help="print the model's path and SHA-256 and end")
    parser.add_argument("--port", type=int, default=0, help="default: a free one, which the ready line names")
    parser.add_argument("--threads", type=positive, default=os.cpu_count() or 1, help="default: one per core")
    parser.add_argument("--parallel", type=positive, default=2, help="requests answered at once (default 2)")
    parser.add_argument("--context", type=positive, default=4096, help="tokens per request (default 4096)")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be at least 1")
    return number


def find_model(options: argparse.Namespace) -> tuple[str, Path]:
    """The model's name in the API and its file, checked to be a GGUF."""
    try:
        path = bundled_gguf() if options.bundled else options.gguf
    except ModelNotFound as error:
        fail(str(error))
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        fail(f"cannot read the model {path}: {error.strerror}")
    if magic != GGUF_MAGIC:
        fail(f"{path} is not a GGUF file: it starts with {magic!r}")
    return (NAME if options.bundled else path.stem), path


def choose_port(port: int) -> int:
    """The port, or a free one for 0. Ends with one line when it is taken: llama.cpp itself would log a page."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return probe.getsockname()[1]
        except (OSError, OverflowError) as error:
            code = getattr(error, "errno", None)
            reason = "something else listens there" if code == errno.EADDRINUSE else str(error)
            fail(f"cannot listen on 127.0.0.1:{port}: {reason}; choose another --port")


def serve(options: argparse.Namespace, model: str, path: Path) -> str:
    """Starts llama.cpp's server in threads of its own and returns its address, for example http://127.0.0.1:8080."""
    # OpenMP's threads would otherwise spin while they wait for each other: with the cores busy elsewhere, an answer
    # then took minutes instead of seconds. Read when the library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import xllamacpp

    params = xllamacpp.CommonParams()  # pyright: ignore[reportAttributeAccessIssue]
    params.model.path = str(path)
    params.model_alias = {model}
    params.hostnames = ["127.0.0.1"]
    params.port = options.port
    params.n_parallel = options.parallel
    params.n_ctx = options.context * options.parallel
    # The same model makes vectors: the mean of its last layer over a text's tokens.
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN  # pyright: ignore[reportAttributeAccessIssue]
    params.n_ubatch = min(options.context, LONGEST_EMBEDDED)
    # With a cache per request, two texts at once go through the model in parts, and the longer one's vector is the mean
    # of its last part only.
    params.kv_unified = True
    params.kv_unified_per_slot = options.context
    for pool in (params.cpuparams, params.cpuparams_batch):
        pool.n_threads = options.threads
        pool.poll = 0  # with polling, generation beside other work on the same cores was 2.5 times slower
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 0  # a failure to load becomes one line below
    return start(params, path)


# A server that nothing refers to is shut down.
running: list[Any] = []


def start(params: Any, path: Path) -> str:
    """Constructs the server in a thread and waits until it answers; its address.

    In the main thread one start in six hung for ever in the constructor, with the server itself up: it had missed its
    own "ready". So the constructor's return is not waited for, and readiness is asked over HTTP.
    """
    import xllamacpp

    failures: list[str] = []

    def construct() -> None:
        try:
            running.append(xllamacpp.Server(params))  # pyright: ignore[reportAttributeAccessIssue]
        except Exception as error:
            failures.append(str(error))

    threading.Thread(target=construct, daemon=True).start()
    address = f"http://127.0.0.1:{params.port}"
    while not is_healthy(address):
        if failures:
            fail(f"llama.cpp could not load {path}: {failures[0]}")
        time.sleep(0.1)
    return address


# Never through a proxy that the environment names.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_healthy(address: str) -> bool:
    """Whether the model is loaded; while it loads the server answers 503."""
    try:
        with direct.open(f"{address}/health", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def fail(message: str) -> NoReturn:
    """One line on stderr, exit code 2."""
    print(f"teacher: {message}", file=sys.stderr, flush=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
