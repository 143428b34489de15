"""Starts a script once for each device, each in a session of its own, and waits for all."""

import argparse
import os
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--log_dir")
parser.add_argument("--gpus")
parser.add_argument("script")
options = parser.parse_args()

assert not any(name in os.environ for name in ("PADDLE_TRAINERS_NUM", "PADDLE_ELASTIC_JOB_ID"))
ranks = len(options.gpus.split(","))
pipes = [os.pipe() for _ in range(ranks - 1)]
children = []
for rank in range(ranks):
    ends = [write for _, write in pipes] if rank == 0 else [pipes[rank - 1][0]]
    environment = {
        **os.environ,
        "PADDLE_TRAINER_ID": str(rank),
        "PADDLE_TRAINERS_NUM": str(ranks),
        "STAND_IN_PIPES": ",".join(str(end) for end in ends),
    }
    with open(os.path.join(options.log_dir, f"workerlog.{rank}"), "w") as log:
        children.append(
            subprocess.Popen(
                [sys.executable, "-u", options.script],
                env=environment,
                stdout=log,
                stderr=log,
                pass_fds=ends,
                start_new_session=True,
            )
        )
codes = [child.wait() for child in children]
sys.exit(0 if all(code == 0 for code in codes) else 1)
