import type { Clause } from '../../src/verdict/clause.ts'
import type { Comparison } from '../../src/verdict/comparison.ts'
import type { RunSample } from '../../src/verdict/run-sample.ts'
import { BLOCKS, blockedError } from '../../src/verdict/statistics/blocks.ts'
import { untilSettled } from '../../src/vitest/until-settled.ts'
import type { Random } from '../../src/datasets/sampling.ts'

/** How the simulated runs differ, within themselves and from one another. */
export const RUNS = {
  /** Requests of a run, one after another, and how their latencies spread. */
  requests: 1000,
  requestVariation: 0.15,
  /** Correlation of a request with the one before it. */
  autocorrelation: 0.5,
  /** Runs of the baseline, and how often the other side is run. */
  baseline: 10,
  repeats: { min: 3, max: 10 },
  within: 0.05,
} as const

/** What is compared. */
export interface Scenario {
  /** Coefficient of variation of the runs' true means. */
  readonly variation: number
  /** By how much the measured side is slower, as a share. */
  readonly change: number
  /** Figures of a run that are held at once, each independent of the others. */
  readonly metrics: number
}

/** How often something came of a scenario's comparisons. */
export interface Outcome {
  readonly comparisons: number
  /** Comparisons that came out so; of several metrics, where all passed, or any regressed, or else any was inconclusive. */
  readonly regressed: number
  readonly improved: number
  readonly pass: number
  readonly inconclusive: number
  /** Runs of the measured side, in all comparisons. */
  readonly runs: number
  /** Called slower by the rule that has no statistics: one run each, and the means of all runs that a comparison may take. */
  readonly naiveOfOne: number
  readonly naiveOfMost: number
}

/** Compares simulated runs as the matchers do: with the same statistics, stopping where they stop. */
export async function simulate({ variation, change, metrics }: Scenario, comparisons: number, random: Random): Promise<Outcome> {
  const names = Array.from({ length: metrics }, (_, i) => `latency ${i}`)
  const clauses = names.map((metric): Clause => ({ metric, unit: 'ms', direction: 'max', within: RUNS.within }))
  const outcome = { comparisons, regressed: 0, improved: 0, pass: 0, inconclusive: 0, runs: 0, naiveOfOne: 0, naiveOfMost: 0 }
  for (let comparison = 0; comparison < comparisons; comparison++) {
    const reference = Array.from({ length: RUNS.baseline }, () => runOf(names, 0, variation, random))
    const later = Array.from({ length: RUNS.repeats.max }, () => runOf(names, change, variation, random))
    const measured = later.slice(0, RUNS.repeats.min)
    const compared = await untilSettled(
      {
        reference: { samples: () => reference, repeats: { min: RUNS.baseline, max: RUNS.baseline } },
        measured: {
          samples: () => measured,
          repeats: RUNS.repeats,
          again: () => {
            measured.push(later[measured.length]!)
            return Promise.resolve()
          },
        },
      },
      clauses,
      {},
      { bench: 'simulated', attempt: 0, against: 'the baseline' },
      () => {},
    )
    outcome[stateOf(compared)]++
    outcome.runs += measured.length
    if (names.some((name) => isSlower([reference[0]!], [later[0]!], name))) outcome.naiveOfOne++
    if (names.some((name) => isSlower(reference, later, name))) outcome.naiveOfMost++
  }
  return outcome
}

function stateOf(comparisons: readonly Comparison[]): 'regressed' | 'improved' | 'pass' | 'inconclusive' {
  const has = (wanted: Comparison['state']): boolean => comparisons.some(({ state }) => state === wanted)
  if (has('regressed')) return 'regressed'
  if (has('inconclusive')) return 'inconclusive'
  return has('improved') ? 'improved' : 'pass'
}

/** The rule without statistics: the mean rose by more than `within`. */
function isSlower(reference: readonly RunSample[], measured: readonly RunSample[], name: string): boolean {
  const [before, now] = [reference, measured].map((runs) => runs.reduce((sum, { figures }) => sum + figures[name]!.value, 0) / runs.length)
  return now! > before! * (1 + RUNS.within)
}

function runOf(names: readonly string[], change: number, variation: number, random: Random): RunSample {
  return {
    version: 1,
    bench: { file: 'simulated', test: 'simulated', name: 'simulated' },
    startedAt: '',
    cohort: {},
    partial: false,
    figures: Object.fromEntries(names.map((name) => [name, figureOf(change, variation, random)])),
  }
}

/** Mean latency of one run's requests, a first-order autoregressive series around the run's own level, with its standard error. */
function figureOf(change: number, variation: number, random: Random): { value: number; standardError: number } {
  const level = 100 * (1 + change) * (1 + variation * random.normal())
  const { requests, requestVariation, autocorrelation } = RUNS
  const fresh = Math.sqrt(1 - autocorrelation ** 2)
  const [sums, counts] = [new Float64Array(BLOCKS), new Float64Array(BLOCKS)]
  let state = random.normal()
  let sum = 0
  for (let request = 0; request < requests; request++) {
    const latency = level * (1 + requestVariation * state)
    const block = Math.floor((request * BLOCKS) / requests)
    sum += latency
    sums[block]! += latency
    counts[block]!++
    state = autocorrelation * state + fresh * random.normal()
  }
  return { value: sum / requests, standardError: blockedError(sums, counts)! }
}
