import type { EngineSpec } from '../dsl/engines.ts'
import type { ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import type { Engine, EngineAnswer, LoadContext } from '../engines/engine.ts'
import { versionText } from '../engines/engine.ts'
import { loadEngine } from '../engines/load-engine.ts'
import { LlmBenchError } from '../errors.ts'
import type { Answer, Choice, GenerateRequest, Target, TargetContext, TargetInfo } from '../targets/target.ts'

type Context = Pick<TargetContext, 'clock' | 'onTokens'>

/**
 * Loads an engine to be driven as a server is, for workloads whose loops send one request at a time.
 * @param contextLength tokens of context that a sequence needs
 * @throws {LlmBenchError} `ENGINE` where it can't be loaded; `CANCELLED` where the signal aborts
 */
export async function loadEngineTarget(
  engine: EngineSpec,
  spec: ServedWorkloadSpec,
  contextLength: number,
  loading: LoadContext,
  context: Context,
): Promise<Target> {
  return new EngineTarget(await loadEngine(engine, { use: 'generate', contextLength }, loading), spec, context)
}

/** An engine in the place of a server: nothing lies between, so that there are no connections and no bytes to be read. */
export class EngineTarget implements Target {
  readonly notes: readonly string[] = []
  readonly #engine: Engine
  readonly #spec: ServedWorkloadSpec
  readonly #context: Context

  constructor(engine: Engine, spec: ServedWorkloadSpec, context: Context) {
    this.#engine = engine
    this.#spec = spec
    this.#context = context
  }

  /** @throws {LlmBenchError} `USAGE` where the workload wants to see tokens come, and the engine gives whole answers */
  async prepare(): Promise<TargetInfo> {
    const { kind, stream } = this.#spec
    const { name, model, device, streams, noSeed } = this.#engine.info
    // A rollout's own figures are those of whole answers.
    if (stream && !streams && kind !== 'rollout') {
      throw new LlmBenchError(
        'USAGE',
        `${kind}() on ${name}: this engine gives whole answers, without the times of their tokens. Say \`stream: false\` to measure E2E latency alone.`,
      )
    }
    return { model, version: versionText(this.#engine.info), device, streams, noSeed }
  }

  async send(request: GenerateRequest, signal: AbortSignal): Promise<Answer> {
    const { clock, onTokens } = this.#context
    const { messages, maxTokens, minTokens, ignoreEos = false, doSample, temperature, topP, topK, seed = 0 } = request
    const asked = { messages, maxTokens, minTokens, ignoreEos, temperature: doSample === false ? 0 : temperature, topP, topK, seed }
    const startNs = clock.now()
    try {
      const [answer] = await this.#engine.generate([asked], { originNs: clock.originNs, signal, onTokens })
      return this.#answerOf(answer!, request, signal)
    } catch (error) {
      // A request that goes down with its engine is one that failed.
      if (!(error instanceof LlmBenchError)) throw error
      const lost = { text: '', sentNs: startNs, gapsMs: new Float32Array(0), promptTokens: 0, outputTokens: 0, error: error.message }
      return this.#answerOf(lost, request, signal)
    }
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  #answerOf(answer: EngineAnswer, { stream, keepText }: GenerateRequest, signal: AbortSignal): Answer {
    const { promptTokens, outputTokens, sentNs, lastTokenNs, error } = answer
    return {
      address: this.#engine.info.name,
      sentNs,
      endNs: lastTokenNs ?? this.#context.clock.now(),
      usage: { promptTokens, outputTokens },
      choices: [{ ...(stream ? timesOf(answer) : UNTIMED), finishReason: answer.finishReason, text: keepText ? answer.text : '' }],
      ...(error === undefined ? {} : { error: { kind: signal.aborted ? 'cancelled' : 'server', message: error } }),
    }
  }
}

type Times = Pick<Choice, 'firstTokenNs' | 'firstAnswerNs' | 'lastTokenNs' | 'chunks' | 'gapsMs'>

const UNTIMED: Times = { chunks: 1, gapsMs: [] }

function timesOf({ firstTokenNs, lastTokenNs, gapsMs }: EngineAnswer): Times {
  return { firstTokenNs, firstAnswerNs: firstTokenNs, lastTokenNs, gapsMs, chunks: firstTokenNs === undefined ? 0 : gapsMs.length + 1 }
}
