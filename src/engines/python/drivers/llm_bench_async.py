"""Serves engines that stream each answer through a coroutine of its own."""

import asyncio
import traceback

from llm_bench_driver import Engine, describe, one_batch, start_jobs


class AsyncEngine(Engine):
    """An engine with a loop of its own, which answers as many requests at once as it can."""

    def serve(self, channel):
        asyncio.run(_serve(self, channel))

    async def answer(self, job):
        """Answers one request: tells the job its tokens as they come, and its end."""
        raise NotImplementedError


async def _serve(engine, channel):
    loop = asyncio.get_running_loop()
    commands = asyncio.Queue()
    running = set()

    def start(job):
        task = asyncio.ensure_future(_answer(engine, job))
        task.job = job
        running.add(task)
        task.add_done_callback(running.discard)

    channel.deliver_to(lambda some: loop.call_soon_threadsafe(commands.put_nowait, some))
    closed = False
    while not closed:
        for command in await commands.get():
            if command["type"] == "close":
                closed = True
            elif command["type"] == "generate":
                start_jobs(engine, channel, command, start)
            elif command["type"] == "cancel":
                for task in list(running):
                    if task.job.call.id == command["id"]:
                        task.cancel()
            elif command["type"] == "oneBatch":
                one_batch(engine, channel, command)
    for task in list(running):
        task.cancel()


async def _answer(engine, job):
    try:
        await engine.answer(job)
        job.fail("the engine ended the answer without a finish reason", engine.text(job.tokens))
    except asyncio.CancelledError:
        job.fail("cancelled", engine.text(job.tokens))
    except Exception as error:
        traceback.print_exc()
        job.fail(describe(error), engine.text(job.tokens))
