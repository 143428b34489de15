"""Requests on their way through an engine, and the times of their tokens."""

from llm_bench_channel import now_ns

# Counts for the display go out this often; a message a token would slow the engine down.
PROGRESS_NS = 50_000_000


class Call:
    """One `generate` command: several requests handed over at once."""

    def __init__(self, channel, command):
        self.id = command["id"]
        self.origin_ns = int(command["originNs"])
        self.keep_tokens = command["keepTokens"]
        self.channel = channel
        self._untold = 0
        self._told_ns = 0

    @property
    def cancelled(self):
        return self.channel.is_cancelled(self.id)

    def took(self, at_ns, count):
        self._untold += count
        if at_ns - self._told_ns >= PROGRESS_NS:
            self.tell(at_ns)

    def tell(self, at_ns):
        if self._untold > 0:
            self.channel.send(type="tokens", id=self.id, count=self._untold)
        self._untold = 0
        self._told_ns = at_ns


class Job:
    """One request, from the moment that the engine has it."""

    def __init__(self, call, index, request, prompt):
        self.call = call
        self.index = index
        self.prompt = prompt
        self.max_tokens = request["maxTokens"]
        self.min_tokens = request.get("minTokens") or 0
        self.ignore_eos = request["ignoreEos"]
        self.temperature = request.get("temperature", 1.0)
        self.top_p = request.get("topP", 1.0)
        self.top_k = request.get("topK", 0)
        self.seed = request["seed"]
        self.tokens = []
        self.ended = False
        self.prompt_tokens = len(prompt)
        self._sent_ns = None
        self._times = []

    def sent(self):
        self._sent_ns = now_ns()

    def took(self, at_ns, tokens):
        """Tokens that came together, at one time; None for one whose id the engine doesn't tell."""
        if not tokens:
            return
        self.tokens.extend(tokens)
        self._times.append(at_ns)
        self.call.took(at_ns, len(tokens))

    def finish(self, text, reason, at_ns=None, tokens=None):
        """Ends well. `at_ns` is for engines that don't stream: when the whole answer was there; `tokens`: its ids."""
        if tokens is not None:
            self.tokens = tokens
            self.call.took(at_ns, len(tokens))
        self._end(text=text, finishReason=reason, endNs=self._relative(at_ns))

    def fail(self, message, text=""):
        self._end(text=text, error=message)

    def _end(self, **end):
        if self.ended:
            return
        self.ended = True
        call, times = self.call, self._times
        call.tell(now_ns())
        call.channel.send(
            type="answer",
            id=call.id,
            index=self.index,
            promptTokens=self.prompt_tokens,
            outputTokens=len(self.tokens),
            sentNs=self._relative(self._sent_ns or now_ns()),
            firstNs=self._relative(times[0]) if times else None,
            gapsNs=[later - earlier for earlier, later in zip(times, times[1:])],
            tokens=self.tokens if call.keep_tokens and None not in self.tokens else None,
            **end,
        )

    def _relative(self, ns):
        return None if ns is None else ns - self.call.origin_ns
