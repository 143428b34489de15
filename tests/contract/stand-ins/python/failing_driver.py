"""A driver of static batches, two requests each. Its first argument says what fails."""

import sys
import threading

from llm_bench_channel import now_ns
from llm_bench_driver import run
from llm_bench_static import StaticEngine
from stand_in_model import Tokenizer, assert_fits


class Failing(StaticEngine):
    modules = ("json",)
    max_sequences = 2

    def version(self):
        return "1"

    def load(self, spec, needs):
        self.tokenizer = Tokenizer()
        return "none"

    def serve(self, channel):
        if sys.argv[1] == "loop":
            threading.Thread(target=threading.Event().wait).start()
            channel.commands(wait=True)
            raise RuntimeError("the loop is broken")
        super().serve(channel)

    def start_batch(self, jobs):
        return Batch(jobs)


class Batch:
    def __init__(self, jobs):
        if sys.argv[1] == "start":
            assert_fits(*[job.prompt for job in jobs])
        self.jobs = jobs

    def step(self):
        assert_fits(*[job.prompt for job in self.jobs])
        for job in self.jobs:
            job.took(now_ns(), [7])
            job.finish("w7", "stop")


run(lambda needs: Failing())
