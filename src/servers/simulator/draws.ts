import { createRandom } from '../../datasets/sampling.ts'
import type { Random } from '../../datasets/sampling.ts'
import { REQUEST_FAULTS } from '../../dsl/simulator.ts'
import type { FaultOptions, RequestFault, SimulatorTargetSpec } from '../../dsl/simulator.ts'

/** A fault that meets a request. */
export interface Fault extends FaultOptions {
  readonly kind: RequestFault
}

/** What chance decides of one request. */
export interface Draws {
  readonly fault: Fault | undefined
  /** Tokens after which the answer ends by itself; absent where only the request's limit ends it. */
  readonly outputTokens: number | undefined
  /** From admission to the first chunk, without prefill. */
  readonly ttftMs: number
  /** From one chunk to the next. */
  gapMs(): number
}

/** Keep apart what is drawn from one seed for one request. */
const STREAMS = { faults: 1, length: 2, ttft: 3, gaps: 4 } as const
/** The step clock's own, beside the requests' numbers from 1. */
const STEPS = 0

const DEFAULT_ITL_MS = 5

/**
 * Draws what the k-th request meets: the same for the same seed, whatever came before.
 * @param k counted from 1
 * @param elapsedMs time since the first request, for faults that keep to a window
 */
export function drawRequest(spec: SimulatorTargetSpec, k: number, elapsedMs: number): Draws {
  const random = (stream: number): Random => createRandom(spec.seed, k, stream)
  const ttft = lognormal(spec.ttftJitter, random(STREAMS.ttft))
  return {
    fault: drawFault(spec, k, elapsedMs, random(STREAMS.faults)),
    outputTokens: drawLength(spec, random(STREAMS.length)),
    ttftMs: spec.ttft * ttft() + (k === 1 ? spec.coldStart : 0),
    gapMs: times(spec.itl ?? DEFAULT_ITL_MS, spec.itlJitter, random(STREAMS.gaps)),
  }
}

/** Draws the time from one batching step to the next. */
export function drawSteps(spec: SimulatorTargetSpec): () => number {
  return times(spec.stepMs ?? 0, spec.itlJitter, createRandom(spec.seed, STEPS))
}

function times(meanMs: number, variation: number, random: Random): () => number {
  const factor = lognormal(variation, random)
  return () => meanMs * factor()
}

/** Factors of mean 1 and the given coefficient of variation: σ² = ln(1 + cv²), μ = −σ²/2. */
function lognormal(variation: number, random: Random): () => number {
  if (variation === 0) return () => 1
  const variance = Math.log1p(variation ** 2)
  const deviation = Math.sqrt(variance)
  return () => Math.exp(deviation * random.normal() - variance / 2)
}

function drawLength({ outputTokens, outputTokensSpread }: SimulatorTargetSpec, random: Random): number | undefined {
  if (outputTokens === undefined) return undefined
  const low = Math.max(1, Math.round(outputTokens * (1 - outputTokensSpread)))
  const high = Math.round(outputTokens * (1 + outputTokensSpread))
  return low + random.int(high - low + 1)
}

function drawFault({ errorRate, faults }: SimulatorTargetSpec, k: number, elapsedMs: number, random: Random): Fault | undefined {
  let met: Fault | undefined
  for (const kind of REQUEST_FAULTS) {
    // One number for each kind, taken or not: a fault that is added changes nothing for the others.
    const chance = random.next()
    const options: FaultOptions | undefined = kind === 'http500' && errorRate > 0 ? { share: errorRate } : faults[kind]
    if (met === undefined && options !== undefined && chance < options.share && isScheduled(options, k, elapsedMs))
      met = { ...options, kind }
  }
  return met
}

function isScheduled({ every, requests, from = 0, until = Infinity }: FaultOptions, k: number, elapsedMs: number): boolean {
  if (elapsedMs < from || elapsedMs >= until) return false
  return (every === undefined || k % every === 0) && (requests === undefined || requests.includes(k))
}
