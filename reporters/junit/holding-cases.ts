import type { RunReport } from '../../src/files/run-report.ts'
import type { Comparison } from '../../src/verdict/comparison.ts'
import type { Holding } from '../../src/verdict/holding.ts'
import { benchRuns, isSameBench } from '../bench-runs.ts'
import { withinText } from '../changes.ts'
import type { TestModel } from '../model.ts'
import { targetText } from '../run-facts.ts'
import { classnameOf, placeOf, testName } from './case.ts'
import type { JUnitCase, Outcome } from './case.ts'
import { histories } from './histories.ts'
import { holdingProperties } from './properties.ts'

/** One metric of a holding, or the whole of one that compared nothing. */
export interface Held {
  readonly attempt: number
  readonly holding: Holding
  readonly comparison?: Comparison | undefined
}

/** One case for each metric that was held against earlier runs or another bench, as the last attempt has it. */
export function holdingCases(test: TestModel): JUnitCase[] {
  const held = test.holdings.flatMap((holding): Held[] => {
    const { attempt, comparisons } = holding
    return comparisons.length === 0 ? [{ attempt, holding }] : comparisons.map((comparison) => ({ attempt, holding, comparison }))
  })
  return histories(held, nameOf).map((history) => {
    const last = history.at(-1)!
    const { bench, attempt } = last.holding
    const run = benchRuns(test.runs).findLast(({ standing }) => isSameBench(standing, { bench, attempt }))?.standing
    const outcome = outcomeOf(test, last, run)
    return {
      classname: classnameOf(test.file),
      name: `${testName(test)} > ${nameOf(last)}`,
      file: test.file,
      seconds: 0,
      properties: holdingProperties(test, last, run, history.slice(0, -1)),
      outcome,
      ...(outcome.kind === 'passed' ? { output: textOf(last) } : {}),
    }
  })
}

/** The same in every run, so that servers can follow it: no date of a baseline is in it. */
function nameOf({ holding, comparison }: Held): string {
  const { bench, matcher, against } = holding
  const other = matcher === 'toHoldBaseline' ? 'the baseline' : against
  return comparison === undefined
    ? `${bench}: holds against ${other}`
    : `${bench}: ${comparison.metric} holds within ${withinText(comparison)} against ${other}`
}

/** Where the test has passed all the same (`test.fails`, a caught error), the report may not say otherwise than Vitest. */
function outcomeOf(test: TestModel, held: Held, run: RunReport | undefined): Outcome {
  const kind = test.state === 'passed' || test.state === 'skipped' ? 'passed' : kindOf(held)
  if (kind === 'passed') return { kind }
  const { holding, comparison } = held
  const message = comparison?.message ?? holding.notes[0] ?? `${holding.bench} is not compared with ${holding.against}`
  const error = test.errors.find(({ cause, message }) => cause === 'threshold' && message.includes(holding.against))
  const body = [
    textOf(held),
    `bench: ${holding.bench}, attempt ${holding.attempt + 1} of ${Math.max(test.attempts, holding.attempt + 1)}`,
    ...(run === undefined ? [] : [`target: ${targetText(run)}`, `files: ${run.folder}`]),
    error?.stack ?? (error?.at === undefined ? placeOf(test) : `    at ${error.at}`),
  ].join('\n')
  return { kind, type: error?.name ?? 'HoldBreachError', message, body }
}

function kindOf({ holding, comparison }: Held): 'passed' | 'failure' | 'error' {
  const state = comparison?.state ?? holding.state
  if (state === 'regressed') return 'failure'
  if (state === 'inconclusive') return holding.inconclusive === 'fail' ? 'failure' : 'passed'
  return state === 'error' || state === 'invalid' ? 'error' : 'passed'
}

function textOf({ holding, comparison }: Held): string {
  return [`against ${holding.against}`, ...(comparison === undefined ? [holding.state] : [comparison.message]), ...holding.notes].join('\n')
}
