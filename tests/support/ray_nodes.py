"""`python -m tests.support.ray_nodes NODES CPUS`: a Ray cluster of several nodes on this machine, for tests.

It prints the address of the head, then does what standard input says, a line at a time, and prints what it
did: `actors` how many there are; `kill node` ends one that is not the head, `kill actor` and `stop actor` end
or halt the process of an actor of the explorer, `kill head` the server of the head, `kill raylet` Ray's own
process of a node, `kill book` the actor that numbers a memory's states; `fill store` leaves no room in the
object store of the head. It ends with its input.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

STORE = 100 << 20
"""Bytes of each object store."""


def own(pid: int) -> bool:
    """Whether a process descends from this one."""
    while pid > 1:
        if pid == os.getpid():
            return True
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return False


def processes(name: str) -> list[int]:
    """Those of this cluster whose command begins so, or is a program of this name."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = place.read_bytes().split(b"\0")[0].decode()
            if (command.startswith(name) or command.endswith(f"/{name}")) and own(int(place.parent.name)):
                found.append(int(place.parent.name))
        except (OSError, ValueError):
            continue
    return found


def one(name: str, number: int) -> str:
    """Send a signal to one of them; what was done."""
    among = processes(name)
    if not among:
        return "none"
    pid = random.choice(among)
    os.kill(pid, number)
    return f"{pid}"


def fill(address: str) -> list[Any]:
    """Objects that leave no room in the store of the head: those that are in use cannot leave it."""
    import numpy as np
    import ray
    from ray import exceptions

    if not ray.is_initialized():
        ray.init(address, log_to_driver=False)
    kept = []
    for size in (1 << 20, 1 << 17):  # where the disk has room, they go there in the end
        with suppress(exceptions.ObjectStoreFullError, exceptions.OutOfDiskError):
            for _ in range(STORE >> 20):
                kept.append(ray.get(ray.put(np.ones(size, np.uint8))))
    return kept


def main(nodes: int, cpus: int) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": cpus, "object_store_memory": STORE, "include_dashboard": False},
    )
    others: list[Any] = [cluster.add_node(num_cpus=cpus, object_store_memory=STORE) for _ in range(nodes - 1)]
    kept: list[Any] = []
    print(cluster.address, flush=True)
    for line in sys.stdin:
        what = line.strip()
        if what == "kill node":
            cluster.remove_node(others.pop(), allow_graceful=False)
            said = f"{1 + len(others)} left"
        elif what == "kill actor":
            said = one("ray::Share", signal.SIGKILL)
        elif what == "kill book":
            said = one("ray::Book", signal.SIGKILL)
        elif what == "stop actor":
            said = one("ray::Share", signal.SIGSTOP)
        elif what == "kill head":
            said = one("gcs_server", signal.SIGKILL)
        elif what == "kill raylet":
            said = one("raylet", signal.SIGKILL)
        elif what == "fill store":
            kept += fill(cluster.address)
            said = f"{len(kept)} objects"
        else:
            said = f"{len(processes('ray::Share'))} actors"
        print(said, flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
