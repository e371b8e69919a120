"""Programs that the tests of devdb start, and what they ask of them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymongo import MongoClient

Spawn = Callable[..., "subprocess.Popen[str]"]

# A process that starts a database (or, as a control, a plain child), prints its address, and waits to be killed.
# Its forked child inherits every descriptor that it has.
OWNER = """
import json, os, subprocess, sys, time
from pathlib import Path
from devdb.replica_set import start_replica_set
if sys.argv[1] == "supervised":
    replica_set = start_replica_set(data=Path(sys.argv[2]) if sys.argv[2:] else None)
    answer = {"uri": replica_set.uri, "folder": str(replica_set.nodes[0].folder)}
else:
    answer = {"pid": subprocess.Popen(["sleep", "20"], stdout=-3, stderr=-3).pid}  # -3: nowhere
if os.fork() == 0:
    os.closerange(1, 3)
    time.sleep(8)
    os._exit(0)
print(json.dumps(answer), flush=True)
time.sleep(60)
"""

# The service of `devdb run`: it prints its environment, and exits with a code if given one, else writes a word on
# SIGTERM.
SERVICE = """
import json, os, signal, sys, time
from pymongo import MongoClient
def write_last_word(number, frame):
    MongoClient(os.environ["MONGODB_URI"]).shop.words.insert_one({"word": "bye"})
    print("the last word is written", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, write_last_word)
names = ("MONGODB_URI", "ADMIN_KEY", "SECRET_KEY", "LOG_FORMAT")
print(json.dumps({"pid": os.getpid(), **{name: os.environ.get(name, "") for name in names}}), flush=True)
if sys.argv[1:]:
    sys.exit(int(sys.argv[1]))
time.sleep(60)
"""

WAITING = SERVICE.replace("signal.signal(signal.SIGTERM, write_last_word)", "")

# A service that begins to answer /api/ready when the file of its argument exists.
ANSWERING = """
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if os.path.exists(sys.argv[1]) else 503)
        self.end_headers()
    def log_message(self, *arguments):
        print(self.path, flush=True)
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def run_command(data: Path, script: str) -> list[str]:
    """Return the arguments that run a script with a database in this folder."""
    return ["-m", "devdb", "run", "--data", str(data), "--", sys.executable, "-c", script]


def printed_json(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the line of JSON that a program prints, with the lines before it under `before`."""
    assert process.stdout is not None
    before = ""
    while not (line := process.stdout.readline()).startswith("{"):
        assert line, (before, process.communicate())
        before += line
    return {**json.loads(line), "before": before}


def read_until(process: subprocess.Popen[str], text: str, seconds: float = 20.0) -> str:
    """Return what a program prints up to the line with this text; kill it if that takes too long."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    assert process.stdout is not None
    lines = ""
    while text not in lines:
        line = process.stdout.readline()
        assert line, f"{text} is not in {lines}"
        lines += line
    timer.cancel()
    return lines


def becomes_true(fact: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Return whether the fact becomes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (true := fact()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return true


def has_ended(pid: int, seconds: float = 5.0) -> bool:
    """Return whether the process ends within so many seconds."""
    probe = ["kill", "-0", str(pid)]
    return becomes_true(lambda: subprocess.run(probe, check=False, capture_output=True).returncode != 0, seconds)


def read_words(uri: str) -> list[str]:
    """Return the words in the database."""
    with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=5000) as client:
        return [document["word"] for document in client.shop.words.find().sort("_id")]


def write_word(uri: str, word: str) -> None:
    """Write a word to the database, acknowledged by a majority."""
    with MongoClient[dict[str, Any]](uri, w="majority", serverSelectionTimeoutMS=10_000) as client:
        client.shop.words.insert_one({"word": word})


def mongod_pid(uri: str) -> int:
    """Return the process id of the database at this address."""
    with MongoClient[dict[str, Any]](uri) as client:
        return int(client.admin.command("serverStatus")["pid"])
