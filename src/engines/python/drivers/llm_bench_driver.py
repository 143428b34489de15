"""What every driver shares: an engine is a class with a few methods, and `run` speaks for it."""

import importlib
import importlib.util
import os
import platform
import random
import sys
import threading
import traceback

from llm_bench_channel import CLOSE_SECONDS, PROTOCOL, Channel, end_group, now_ns, take_stdio
from llm_bench_jobs import Call, Job


class Skip(Exception):
    """A case of a static batch that can't run, and why."""


class Engine:
    """What the engines have in common."""

    # Modules that must be there, the engine's own first, and what installs them.
    modules = ()
    install = ""
    # Whether tokens have times; without, an answer comes as a whole.
    streams = True
    # Why it can't time the steps of a static batch; None where it can.
    no_one_batch = None

    # Why the seeds of requests have no effect; None where they have.
    no_seed = None
    # Tokens that every answer may have, where it is not each request's own to say.
    output_length = None

    tokenizer = None
    context_length = None

    def prepare(self, spec, needs):
        """Called before any module is imported."""

    def version(self):
        return importlib.import_module(self.modules[0]).__version__

    def load(self, spec, needs):
        """Loads the model and tells `device`; sets `tokenizer` and `context_length`."""
        raise NotImplementedError

    def close(self):
        """Ends what the engine has started."""

    def recover(self):
        """Frees what a failure may have left behind."""

    def lost_with_step(self, running):
        """The jobs that a step which failed takes down; what isn't among them goes on."""
        return running

    def check_fit(self, batch, input_length, output_length):
        """Raises `Skip` where it is known beforehand that a static batch can't be held."""

    def refusal(self, job):
        """Why a request can't be answered as it is; None where it can."""
        return None

    def one_batch(self, prompts, output_length, cancelled):
        """Runs one static batch and tells `prefillNs`, `decodeNs` and `sequences` of each pass, the prefill first."""
        raise NotImplementedError

    def prompt_ids(self, messages):
        return chat_ids(self.tokenizer, messages)

    def text(self, tokens):
        return self.tokenizer.decode([token for token in tokens if token is not None], skip_special_tokens=True)

    def serve(self, channel):
        """Takes commands until told to close."""
        raise NotImplementedError

    def random_prompts(self, batch, length, seed):
        special = set(self.tokenizer.all_special_ids)
        usable = [token for token in range(len(self.tokenizer)) if token not in special]
        draw = random.Random(seed)
        return [draw.choices(usable, k=length) for _ in range(batch)]


class StepEngine(Engine):
    """An engine that goes on when it is told to, one step at a time. New requests are added between two steps, and a
    static batch has the engine for itself.
    """

    def add(self, job):
        """Takes a request."""
        raise NotImplementedError

    def abort(self, job):
        """Drops a request that was added."""
        raise NotImplementedError

    def step(self):
        """Goes one step on, and tells the jobs what came of it."""
        raise NotImplementedError


    def serve(self, channel):
        running = []
        while True:
            for command in channel.commands(wait=not running):
                if command["type"] == "close":
                    return
                if command["type"] == "generate":
                    running += start_jobs(self, channel, command, self.add)
                elif command["type"] == "oneBatch":
                    one_batch(self, channel, command)
            running = self._go_on(running)

    def _go_on(self, running):
        for job in running:
            if job.call.cancelled and not job.ended:
                self.abort(job)
                job.fail("cancelled", self.text(job.tokens))
        if all(job.ended for job in running):
            return []
        try:
            self.step()
        except Exception as error:
            traceback.print_exc()
            for job in self.lost_with_step(running):
                if not job.ended:
                    self.abort(job)
                    job.fail(describe(error))
            self.recover()
        return [job for job in running if not job.ended]


def chat_ids(tokenizer, messages):
    if getattr(tokenizer, "chat_template", None):
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return tokenizer.encode(text, add_special_tokens=False)
    return tokenizer.encode("\n\n".join(message["content"] for message in messages))


def kv_cache_skip(batch, length, capacity):
    return Skip(f"a batch of {batch} × {length} tokens is more than the {capacity} tokens of the KV cache")


def is_out_of_memory(error):
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text


def describe(error):
    text = str(error).strip() or type(error).__name__
    return f"out of memory: {text}" if is_out_of_memory(error) and "out of memory" not in text.lower() else text


def given(**options):
    """Those options that say something: an engine has defaults of its own."""
    return {name: value for name, value in options.items() if value is not None}


def run(choose, stream=None):
    """Speaks the protocol until told to close. `choose` makes the engine for what it will be used for; `stream` is the way
    of commands and reports where it is not stdio.
    """
    channel = Channel(*(take_stdio() if stream is None else (stream, stream)))
    channel.send(type="hello", protocol=PROTOCOL, python=platform.python_version(), nowNs=str(now_ns()))
    channel.start()
    command = channel.commands(wait=True)[0]
    if command["type"] != "load":
        os._exit(0)
    spec, needs = command["spec"], command["needs"]
    engine = choose(needs)
    try:
        engine.prepare(spec, needs)
        _import(engine, channel)
        device = engine.load(spec, needs)
        version = engine.version()
    except Exception as error:
        traceback.print_exc()
        channel.send(type="error", kind="load", message=describe(error))
        end(engine)
    channel.send(
        type="loaded",
        version=version,
        device=device,
        contextLength=engine.context_length,
        streams=engine.streams,
        outputLength=engine.output_length,
        noSeed=engine.no_seed,
        noOneBatch=engine.no_one_batch,
    )
    try:
        engine.serve(channel)
    except BaseException:
        # Nothing that is left running may keep a driver alive which answers nobody.
        traceback.print_exc()
    end(engine)


def end(engine):
    """Ends, whatever threads the engine has left."""
    # An engine whose loop has broken may wait for it for ever, and its requests with it.
    limit = threading.Timer(CLOSE_SECONDS, end_group)
    limit.daemon = True
    limit.start()
    try:
        engine.close()
    finally:
        sys.stderr.flush()
        end_group()


def _import(engine, channel):
    # Nothing is written beside the drivers (`-B`), but packages may well keep their compiled code.
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    for module in engine.modules:
        if importlib.util.find_spec(module) is None:
            channel.send(**missing(module, engine.install))
            os._exit(1)
        importlib.import_module(module)


def missing(module, install):
    """The report that a package is not there."""
    return {"type": "error", "kind": "missing", "module": module, "install": install, "python": sys.executable}


def start_jobs(engine, channel, command, add):
    """Makes the jobs of a command and hands them to the engine; gives back those that it took."""
    call = Call(channel, command)
    # Prompts become tokens before any of them is sent.
    jobs = [job for index, request in enumerate(command["requests"]) if (job := _job(engine, call, index, request)) is not None]
    taken = []
    for job in jobs:
        job.sent()
    for job in jobs:
        refusal = "cancelled" if call.cancelled else _too_long(engine, job) or engine.refusal(job)
        if refusal is not None:
            job.fail(refusal)
            continue
        try:
            add(job)
            taken.append(job)
        except Exception as error:
            traceback.print_exc()
            job.fail(describe(error))
    return taken


def _job(engine, call, index, request):
    try:
        prompt = engine.prompt_ids(request["messages"])
    except Exception as error:
        traceback.print_exc()
        Job(call, index, request, []).fail(f"the prompt can't be made into tokens: {describe(error)}")
        return None
    return Job(call, index, request, prompt)


def _too_long(engine, job):
    limit = engine.context_length
    needed = len(job.prompt) + job.max_tokens
    if limit is None or needed <= limit:
        return None
    return (
        f"prompt ({len(job.prompt)}) and answer ({job.max_tokens}) need {needed} tokens of context, "
        f"a sequence has {limit}"
    )


def one_batch(engine, channel, command):
    """Runs a case of a static batch and reports it, or why it could not run."""
    batch, input_length, output_length = (command[name] for name in ("batch", "inputLength", "outputLength"))
    needed = input_length + output_length
    if engine.context_length is not None and needed > engine.context_length:
        skipped = f"input and output need {needed} tokens of context, the model has {engine.context_length}"
        channel.send(type="case", id=command["id"], skipped=skipped)
        return
    try:
        engine.check_fit(batch, input_length, output_length)
        prompts = engine.random_prompts(batch, input_length, command["seed"])
        result = engine.one_batch(prompts, output_length, lambda: channel.is_cancelled(command["id"]))
    except Skip as reason:
        result = {"skipped": str(reason)}
    except Exception as error:
        traceback.print_exc()
        result = {"skipped" if is_out_of_memory(error) else "error": f"a batch of {batch} × {needed} tokens: {describe(error)}"}
        engine.recover()
    channel.send(type="case", id=command["id"], **result)
