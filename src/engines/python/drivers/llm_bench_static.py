"""Engines that answer requests in static batches: those of a batch start together, and the next batch waits for the last."""

from llm_bench_driver import StepEngine


class StaticEngine(StepEngine):
    # Requests in a batch at most; None: all that wait.
    max_sequences = None

    def __init__(self):
        self._waiting = []
        self._jobs = []
        self._batch = None

    def start_batch(self, jobs):
        """Makes a batch: an object whose `step` goes one step on."""
        raise NotImplementedError

    def add(self, job):
        self._waiting.append(job)

    def abort(self, job):
        if job in self._waiting:
            self._waiting.remove(job)

    def recover(self):
        self._batch = None

    def lost_with_step(self, running):
        return self._jobs

    def step(self):
        if self._batch is None:
            jobs = self._waiting[: self.max_sequences]
            del self._waiting[: len(jobs)]
            self._jobs = jobs
            self._batch = self.start_batch(jobs)
        self._batch.step()
        if all(job.ended for job in self._jobs):
            self._batch = None
