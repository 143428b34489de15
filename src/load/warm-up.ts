import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestWorkloadSpec, ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import type { Call } from './answer-rows.ts'
import { requestOf } from './driver.ts'
import type { Driver } from './driver.ts'
import { answerLength } from './lengths.ts'
import { preparePrompts } from './prompts.ts'
import type { Prompt } from './prompts.ts'
import { isCut } from './request-log.ts'
import { seedFor } from './seeds.ts'
import { unlikeTheLoad } from './warm-up-prompt.ts'

/** How long after a failure the next warm-up request is sent. */
const FAILED_PAUSE_MS = 100
/** Samples of measured requests have lower numbers. */
const FIRST_SAMPLE = 1_000_000

/**
 * Sends real requests before the clock starts, as many at a time as the workload does; what comes of them is in no figure.
 *
 * Each prompt begins with words of its own, so that no prompt of the load lies in a server's prefix cache because of it.
 * @returns sentences about it for the run's reader
 */
export async function warmUp(driver: Omit<Driver<ServedWorkloadSpec>, 'shared' | 'start'>): Promise<string[]> {
  const { spec, dataset, target, clock, progress, signal } = driver
  const { warmup } = spec
  if (warmup === undefined) return []
  const requests = 'requests' in warmup ? warmup.requests : Infinity
  const endNs = clock.now() + 1e9 * ('duration' in warmup ? warmup.duration : Infinity)
  if (requests === 0) return []
  progress.phase = 'warm-up'
  const prompts = preparePrompts(dataset, 'systemPrompt' in spec ? spec.systemPrompt : undefined)
  let sent = 0
  let failed = 0
  let failure = ''

  const lane = async (): Promise<void> => {
    while (sent < requests && clock.now() < endNs && !signal.aborted) {
      const { error } = await sendOne(sent++)
      if (error === undefined) continue
      failed++
      failure ||= error.message
      await sleep(FAILED_PAUSE_MS, undefined, { signal }).catch(() => {})
    }
  }
  const sendOne = async (i: number): Promise<{ error?: { readonly message: string } | undefined }> => {
    const answer = await target.send(requestOf(spec, warmupCall(spec, prompts, i)), signal)
    return isCut(answer) ? {} : answer
  }

  await Promise.all(Array.from({ length: Math.min(requests, lanesOf(spec)) }, lane))
  // Tokens were counted as they came; the display shows those of the load alone.
  progress.outputTokens = 0
  return [warmupNote(sent), ...(failed === 0 ? [] : [`${failed} of ${sent} warm-up requests failed. The first: ${failure}`])]
}

/** What a report says of a warm-up. */
export function warmupNote(requests: number): string {
  return `Warmed up by ${requests} ${requests === 1 ? 'request' : 'requests'} before the clock, which no figure counts.`
}

/** Requests in flight: the workload's own number; where a rate says it, those of a second. */
function lanesOf(spec: ServedWorkloadSpec): number {
  if (spec.kind === 'clients') return spec.n
  if (spec.kind === 'requestRate') return Math.min(spec.maxConcurrency ?? Infinity, Math.ceil(spec.rate))
  return Math.min(spec.maxConcurrency, spec.batch * (spec.nPerRequest ? 1 : spec.n))
}

function warmupCall(
  spec: RequestWorkloadSpec & { readonly n?: number; readonly nPerRequest?: boolean },
  prompts: readonly Prompt[],
  i: number,
): Call {
  const promptIndex = i % prompts.length
  const { messages, expectedTokens } = prompts[promptIndex]!
  return {
    promptIndex,
    messages: unlikeTheLoad(messages, i),
    length: answerLength(spec, expectedTokens),
    seed: seedFor(spec.seed, promptIndex, FIRST_SAMPLE + i),
    scheduledNs: 0,
    ...(spec.nPerRequest === true && spec.n !== undefined ? { n: spec.n } : {}),
  }
}
