import type { Dataset, DatasetRow } from '../../../src/datasets/dataset.ts'
import type { Tokenizer } from '../../../src/datasets/tokenizer.ts'
import type { RequestWorkloadSpec } from '../../../src/dsl/workload-spec.ts'
import type { Driver } from '../../../src/load/driver.ts'
import { sharedCells, SharedLoad } from '../../../src/load/pool/shared-load.ts'
import { ProgressMeter } from '../../../src/load/progress-meter.ts'
import { TokenCounter } from '../../../src/load/token-counter.ts'
import { startClock } from '../../../src/metrics/clock.ts'
import type { ErrorKind } from '../../../src/metrics/columns.ts'
import type { Answer, Choice, GenerateRequest, Target } from '../../../src/targets/target.ts'

export interface MemoryTargetOptions {
  /** How long an answer takes; 0 answers in the next turn of the event loop. */
  latencyMs?: number
  /** Fails the requests for which it names a kind. */
  fail?: (index: number, request: GenerateRequest) => ErrorKind | undefined
  /** Whether the server counts tokens (default: true), or what it says that it counted. */
  usage?: boolean | Partial<NonNullable<Answer['usage']>>
  /** Chunks of each answer, where they are not one a token. */
  chunks?: (choice: number) => number
  /** Reasoning before the text. */
  reasoning?: string
  text?: (index: number, request: GenerateRequest, choice: number) => string
  finishReason?: string
  /** Requests that have to be sent twice. */
  resent?: (index: number) => boolean
  notes?: readonly string[]
}

/** A target without a wire, whose timing and failures a test controls, and which remembers what it was sent. */
export class MemoryTarget implements Target {
  readonly clock = startClock()
  readonly sent: { request: GenerateRequest; atNs: number }[] = []
  readonly notes: readonly string[]
  inFlight = 0
  mostInFlight = 0
  readonly #options: MemoryTargetOptions

  constructor(options: MemoryTargetOptions = {}) {
    this.#options = options
    this.notes = options.notes ?? []
  }

  prepare(): Promise<{ model: string }> {
    return Promise.resolve({ model: 'memory' })
  }

  async send(request: GenerateRequest, signal: AbortSignal): Promise<Answer> {
    const index = this.sent.length
    const sentNs = this.clock.now()
    this.sent.push({ request, atNs: sentNs })
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight)
    const cut = await wait(this.#options.latencyMs ?? 0, signal)
    this.inFlight--
    const kind = cut ? 'cancelled' : this.#options.fail?.(index, request)
    const endNs = this.clock.now()
    const base = { address: 'memory://', sentNs, endNs, resent: this.#options.resent?.(index) ? (true as const) : undefined }
    if (kind !== undefined) return { ...base, choices: [], error: { kind, message: `request ${index}: ${kind}` } }
    const choices = Array.from({ length: request.n }, (_, choice) => this.#choice(index, request, choice, sentNs, endNs))
    const { usage = true } = this.#options
    const counted = { promptTokens: 7, outputTokens: request.maxTokens * request.n, ...(usage === true ? {} : usage) }
    return { ...base, choices, usage: usage === false ? undefined : counted }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #choice(index: number, request: GenerateRequest, choice: number, firstTokenNs: number, lastTokenNs: number): Choice {
    const { chunks, text, reasoning = '', finishReason = 'length' } = this.#options
    const count = chunks?.(choice) ?? request.maxTokens
    return {
      firstTokenNs,
      firstAnswerNs: firstTokenNs,
      lastTokenNs,
      chunks: count,
      gapsMs: new Float32Array(Math.max(0, count - 1)),
      finishReason,
      text: reasoning + (text?.(index, request, choice) ?? ''),
      reasoningLength: reasoning.length,
    }
  }
}

/** Whether the wait was cut short. */
function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = ms === 0 ? undefined : setTimeout(() => end(false), ms)
    const aborted = (): void => end(true)
    const end = (cut: boolean): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      resolve(cut)
    }
    if (signal.aborted) return end(true)
    signal.addEventListener('abort', aborted)
    if (ms === 0) setImmediate(() => end(false))
  })
}

/** Counts words. */
export const words: Tokenizer = {
  name: 'words',
  source: 'tokenizer',
  count: (text) => text.split(/\s+/).filter((word) => word !== '').length,
  encode: () => [],
  decode: () => '',
}

export function datasetOf(rows: readonly (string | DatasetRow)[]): Dataset {
  return {
    name: 'test rows',
    digest: '0000000000000000',
    notes: [],
    rows: rows.map((row) => (typeof row === 'string' ? { messages: [{ role: 'user', content: row }], userTurns: [row] } : row)),
  }
}

export function numbered(count: number): Dataset {
  return datasetOf(Array.from({ length: count }, (_, i) => `prompt ${i}`))
}

export function driverOf<Spec extends RequestWorkloadSpec>(
  spec: Spec,
  dataset: Dataset,
  target: MemoryTarget,
  signal: AbortSignal = new AbortController().signal,
): Driver<Spec> {
  const counter = new TokenCounter(() => Promise.resolve(words))
  const { clock } = target
  const start = (): Promise<number> => Promise.resolve(clock.now())
  return { spec, dataset, target, clock, counter, progress: new ProgressMeter(), shared: alone(), start, signal }
}

/** What a load's only worker shares. */
function alone(): SharedLoad {
  return new SharedLoad({ index: 0, of: 1 }, sharedCells(1))
}

/** The text of the last message that was sent. */
export function lastText({ request }: { request: GenerateRequest }): string {
  return request.messages.at(-1)!.content
}
