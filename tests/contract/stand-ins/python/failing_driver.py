"""A driver of static batches, two requests each. Its first argument says what fails; with a second one it never closes."""

import sys
import threading

import llm_bench_driver
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

    def close(self):
        if len(sys.argv) > 2:
            threading.Event().wait()

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


llm_bench_driver.CLOSE_SECONDS = 0.2
run(lambda needs: Failing())
