import { z } from 'zod'
import { LlmBenchError } from '../errors.ts'
import { checkHold } from '../verdict/check-hold.ts'
import type { CheckedHold } from '../verdict/check-hold.ts'
import type { SidesTerms } from '../verdict/compare-sides.ts'

/** Flags that say what is compared, and by how much it may change. */
export const holdFields = {
  metric: z
    .array(z.string())
    .default([])
    .describe('a metric and the least change of it that matters, as in ttft.p99=10%; several times (default: those that fit the runs)'),
  within: z.string().optional().describe('the least change that matters, of metrics that name none: 5%'),
  across: z.array(z.string()).default([]).describe('an axis of the cohort that may differ, such as engine.version; several times'),
}

/** The flags of {@link holdFields}, checked. */
export interface HoldFlags {
  readonly metric: readonly string[]
  readonly within?: string | undefined
  readonly across: readonly string[]
}

/**
 * Reads what is to hold.
 * @param across axes that may differ in any case
 * @throws {LlmBenchError} `USAGE`, `UNKNOWN_METRIC`, `INVALID_THRESHOLD`
 */
export function holdOf(flags: HoldFlags, command: string, across: readonly string[] = []): SidesTerms {
  const metrics = flags.metric.flatMap((text) => text.split(',')).map((text) => metricOf(text, flags, command))
  const axes = [...across, ...flags.across.flatMap((text) => text.split(',')).map((axis) => axis.trim())]
  const twice = metrics.map(([name]) => name).find((name, i, names) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new LlmBenchError('USAGE', `${command}: --metric names ${twice} twice`)
  const hold: CheckedHold = checkHold({ ...Object.fromEntries(metrics), ...(axes.length === 0 ? {} : { across: axes }) }, command)
  return { hold, within: flags.within === undefined ? undefined : withinOf(flags.within, command) }
}

function metricOf(text: string, { within }: HoldFlags, command: string): [name: string, within: string | number] {
  const [name = '', own = within] = text.split('=', 2).map((part) => part.trim())
  if (own !== undefined && own !== '') return [name, shareOf(own)]
  throw new LlmBenchError(
    'USAGE',
    `${command}: --metric ${text} does not say what change matters: write --metric ${name}=5%, or add --within 5%`,
  )
}

/** `--within`, by the rules that metrics' own have. */
function withinOf(text: string, command: string): number {
  try {
    return checkHold({ outputTokensPerSecond: shareOf(text) }, command).metrics[0]!.within
  } catch {
    throw new LlmBenchError(
      'USAGE',
      `${command}: --within is ${text}: expected the least change that matters, more than 0%, such as 5% or 0.05`,
    )
  }
}

function shareOf(text: string): string | number {
  return text === '' || Number.isNaN(Number(text)) ? text : Number(text)
}
