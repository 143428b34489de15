import type { ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import { requestOf } from './driver.ts'
import type { Driver } from './driver.ts'
import { answerLength } from './lengths.ts'
import { callsOfBatch } from './pool/worker-count.ts'
import { preparePrompts } from './prompts.ts'

/** Clients that start later than this open their connections themselves: servers close those that rest too long. */
const AHEAD_SECONDS = 2
/** Of an open loop: how many requests will be in flight is not known beforehand. */
const MOST_CONNECTIONS = 256

/**
 * Makes a worker's way to the server ready before the clock starts, without asking the server for a token.
 * @returns how many connections wait for requests; absent where the target can't tell
 */
export async function makeReady({
  spec,
  dataset,
  target,
  progress,
  shared,
  signal,
}: Driver<ServedWorkloadSpec>): Promise<number | undefined> {
  if (target.warm === undefined) return undefined
  progress.phase = 'connecting'
  const [prompt] = preparePrompts({ ...dataset, rows: dataset.rows.slice(0, 1) }, 'systemPrompt' in spec ? spec.systemPrompt : undefined)
  const { messages, expectedTokens } = prompt!
  const request = requestOf(spec, { promptIndex: 0, messages, length: answerLength(spec, expectedTokens), seed: spec.seed, scheduledNs: 0 })
  const { index, of } = shared.share
  return target.warm({ connections: Math.ceil((connectionsFor(spec) - index) / of), request }, signal)
}

/** Requests in flight soon after the load has begun, as far as the workload says. */
function connectionsFor(spec: ServedWorkloadSpec): number {
  if (spec.kind === 'clients') return spec.rampUp <= AHEAD_SECONDS ? spec.n : Math.ceil((spec.n * AHEAD_SECONDS) / spec.rampUp)
  if (spec.kind === 'rollout') return Math.min(callsOfBatch(spec), spec.maxConcurrency)
  return Math.min(Math.ceil(spec.rate), spec.maxConcurrency ?? Infinity, MOST_CONNECTIONS)
}
