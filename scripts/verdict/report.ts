import { FALSE_ALARM, MISS } from '../../src/verdict/compare.ts'
import { fixed, markdownTable } from '../fidelity/text.ts'
import { RUNS } from './simulate.ts'
import type { Outcome, Scenario } from './simulate.ts'

/** A scenario and what came of it. */
export interface Cell {
  readonly scenario: Scenario
  readonly outcome: Outcome
}

const { within } = RUNS

/** True changes that are compared: none, half of what matters, that itself, and twice it in both directions. */
const CHANGES = [0, within / 2, within, 2 * within, -2 * within]

const VARIATIONS = [0.01, 0.02, 0.04]

/** Metrics of a scenario that holds several at once. */
const SEVERAL = 6

/** Everything that is simulated. */
export const SCENARIOS: readonly Scenario[] = [
  ...VARIATIONS.flatMap((variation) => CHANGES.map((change) => ({ variation, change, metrics: 1 }))),
  ...VARIATIONS.map((variation) => ({ variation, change: 0, metrics: SEVERAL })),
]

/** A share that must come out of some cells. */
interface Target {
  readonly text: string
  readonly concerns: (scenario: Scenario) => boolean
  readonly holds: (outcome: Outcome) => boolean
}

const TARGETS: readonly Target[] = [
  {
    text: 'no change is called regressed at most 2 % of the time',
    concerns: ({ change }) => change === 0,
    holds: ({ regressed, comparisons }) => regressed <= 0.02 * comparisons,
  },
  {
    text: 'where runs differ by 1 and 2 %, a change of twice `within` is called regressed at least 95 % of the time',
    concerns: ({ change, variation }) => change === 2 * within && variation <= 0.02,
    holds: ({ regressed, comparisons }) => regressed >= 0.95 * comparisons,
  },
  {
    text: 'there, a change of half `within` passes at least 90 % of the time',
    concerns: ({ change, variation }) => change === within / 2 && variation <= 0.02,
    holds: ({ pass, comparisons }) => pass >= 0.9 * comparisons,
  },
]

/** Which targets the cells keep. */
export function keptTargets(cells: readonly Cell[]): { text: string; kept: boolean }[] {
  return TARGETS.map(({ text, concerns, holds }) => ({
    text,
    kept: cells.every(({ scenario, outcome }) => !concerns(scenario) || holds(outcome)),
  }))
}

/** The report as Markdown. */
export function verdictReport(cells: readonly Cell[], seed: number): string {
  const { requests, requestVariation, autocorrelation, baseline, repeats } = RUNS
  const comparisons = cells[0]!.outcome.comparisons
  return [
    `${comparisons.toLocaleString('en-US')} comparisons a row, seed ${seed}; \`within\` ${percent(within, 0)} %, \`falseAlarm\` ${percent(FALSE_ALARM, 0)} %, \`miss\` ${percent(MISS, 0)} %; ${baseline} runs in the baseline, ${repeats.min} to ${repeats.max} against it. A run is ${requests.toLocaleString('en-US')} requests whose latencies spread by ${percent(requestVariation, 0)} % around the run's level, each correlated with the one before by ${autocorrelation}; levels spread from run to run by what the first column says. Shares are in % with half the width of their 95 % interval.`,
    '',
    markdownTable(
      [
        'runs differ by',
        'true change',
        'regressed',
        'improved',
        'pass',
        'inconclusive',
        'mean runs',
        'naive, 1 run a side',
        'naive, all runs',
      ],
      cells.filter(({ scenario }) => scenario.metrics === 1).map(row),
    ),
    `${SEVERAL} independent metrics held at once, none of them changed: how often any of them is called regressed, and how often all pass.`,
    '',
    markdownTable(
      ['runs differ by', 'any regressed', 'all pass', 'inconclusive', 'mean runs', 'naive, 1 run a side', 'naive, all runs'],
      cells.filter(({ scenario }) => scenario.metrics > 1).map(rowOfSeveral),
    ),
    ...keptTargets(cells).map(({ text, kept }) => `- ${kept ? 'Kept' : 'Missed'}: ${text}.`),
    '',
  ].join('\n')
}

function row({ scenario: { variation, change }, outcome }: Cell): string[] {
  const { comparisons, regressed, improved, pass, inconclusive, runs, naiveOfOne, naiveOfMost } = outcome
  const share = (count: number): string => shareText(count, comparisons)
  const signed = change > 0 ? `+${percent(change)}` : change < 0 ? `−${percent(-change)}` : '0'
  return [
    `${percent(variation, 0)} %`,
    `${signed} %`,
    ...[regressed, improved, pass, inconclusive].map(share),
    fixed(runs / comparisons, 1),
    share(naiveOfOne),
    share(naiveOfMost),
  ]
}

function rowOfSeveral({ scenario: { variation }, outcome }: Cell): string[] {
  const { comparisons, regressed, improved, pass, inconclusive, runs, naiveOfOne, naiveOfMost } = outcome
  const share = (count: number): string => shareText(count, comparisons)
  return [
    `${percent(variation, 0)} %`,
    share(regressed),
    share(pass + improved),
    share(inconclusive),
    fixed(runs / comparisons, 1),
    share(naiveOfOne),
    share(naiveOfMost),
  ]
}

/** A share in % with half the width of its 95 % interval after Agresti and Coull, which is not 0 where nothing was counted. */
function shareText(count: number, all: number): string {
  const adjusted = (count + 2) / (all + 4)
  const half = 1.96 * Math.sqrt((adjusted * (1 - adjusted)) / (all + 4))
  return `${percent(count / all)} ± ${percent(half)}`
}

function percent(share: number, digits = 1): string {
  return fixed(share * 100, digits)
}
