import { inject } from 'vitest'
import type { AsyncMatcherResult, MatcherState } from 'vitest'
import { LlmBenchError } from '../errors.ts'
import { readBaselines } from '../files/baselines.ts'
import { PROVIDED_KEY } from '../files/provided.ts'
import type { ProvidedSettings } from '../files/provided.ts'
import { baselineText, chooseBaseline, samplesOf } from '../verdict/baseline.ts'
import type { BaselineChoice } from '../verdict/baseline.ts'
import { checkHold, clausesFor } from '../verdict/check-hold.ts'
import type { CheckedHold } from '../verdict/check-hold.ts'
import { differenceText } from '../verdict/cohort.ts'
import { holdingOf } from '../verdict/hold.ts'
import type { HoldingFacts } from '../verdict/hold.ts'
import { degradedNotes } from '../verdict/hold-notes.ts'
import type { Hold } from '../verdict/hold-types.ts'
import type { Holding } from '../verdict/holding.ts'
import type { MeasuredRun } from './bench-result.ts'
import { conclude, telling } from './conclude.ts'
import { mustBeAwaited } from './must-await.ts'
import { receivedRun, refuseClientBound } from './received.ts'
import { sideOf, untilSettled } from './until-settled.ts'
import { wasWrittenBy, writeBaselineOf } from './write-baseline.ts'

const MATCHER = 'toHoldBaseline()'

/**
 * `await expect(run).toHoldBaseline({ … })`: a bench held against the stored runs of its cohort, and run again while that decides
 * nothing, up to its most. Vitest's `-u` writes the baseline instead; so does a first run outside CI.
 */
export function toHoldBaseline(this: MatcherState, received: unknown, asked?: Hold): AsyncMatcherResult {
  return mustBeAwaited(this, MATCHER, holdBaseline(this, received, asked))
}

/** What one call is about. */
interface Call {
  readonly task: MatcherState['task']
  readonly run: MeasuredRun
  readonly hold: CheckedHold
  readonly facts: HoldingFacts
  readonly settings: ProvidedSettings
}

async function holdBaseline({ isNot, task }: MatcherState, received: unknown, asked: Hold | undefined): AsyncMatcherResult {
  if (isNot) throw new LlmBenchError('USAGE', `${MATCHER} can't be turned round by .not: what does not hold may be undecided, too.`)
  const hold = checkHold(asked, MATCHER)
  const run = receivedRun(received, MATCHER)
  const settings = inject(PROVIDED_KEY)
  const { bench, attempt } = run.standing.report
  const { inconclusive } = hold
  const facts = { bench, attempt, matcher: 'toHoldBaseline', against: 'baseline', inconclusive, differences: [], notes: [] } as const
  const call: Call = { task, run, hold, facts: { ...facts, differences: [], notes: [] }, settings }
  await telling(task, call.facts, 'invalid', () => refuseClientBound(run))
  return conclude(task, settings.update === 'all' ? await write(call) : await compareOrWrite(call))
}

async function compareOrWrite(call: Call): Promise<Holding> {
  const { task, run, hold, facts, settings } = call
  const { folder, ignore } = settings.baselines
  const { bench, cohort } = run.standing.sample
  const stored = await telling(task, facts, 'error', () => readBaselines(folder, bench))
  const choice = chooseBaseline(
    stored.map(({ baseline }) => baseline),
    cohort,
    { across: hold.across, ignore },
  )
  if (choice.kind !== 'found') {
    if (choice.kind === 'none' && settings.update === 'new') return write(call)
    const differing = { ...facts, differences: choice.kind === 'foreign' ? choice.differences : [] }
    return telling(task, differing, 'error', () => {
      throw new LlmBenchError('BASELINE', whyNone(facts.bench, choice, folder))
    })
  }
  // Of an earlier attempt of this very test: what was measured now takes its place, as if the test had run once.
  if (settings.update === 'new' && wasWrittenBy(task, run.standing)) return write(call)
  return compare(call, choice)
}

async function compare({ task, run, hold, facts }: Call, choice: BaselineChoice & { kind: 'found' }): Promise<Holding> {
  const { bench, attempt } = facts
  const against = baselineText(choice.baseline)
  const compared = { ...facts, against, differences: choice.differences }
  const reference = samplesOf(choice.baseline)
  const repeats = { min: reference.length, max: reference.length }
  const sides = { reference: { samples: () => reference, repeats }, measured: sideOf(run) }
  const clauses = clausesFor(hold, reference, sides.measured.samples())
  const comparisons = await telling(task, compared, 'invalid', () =>
    untilSettled(sides, clauses, hold, { bench, attempt, against }, () => refuseClientBound(run)),
  )
  return holdingOf({ ...compared, notes: degradedNotes(bench, sides.measured.samples()) }, comparisons)
}

async function write({ task, run, hold, facts, settings }: Call): Promise<Holding> {
  const { baseline, notes } = await telling(task, facts, 'error', () => writeBaselineOf(task, run, hold, settings))
  return { ...facts, against: baselineText(baseline), state: 'written', comparisons: [], notes }
}

/** Axes that are named in full; more would hide the way out. */
const SHOWN = 6

function whyNone(bench: string, choice: Exclude<BaselineChoice, { kind: 'found' }>, folder: string): string {
  if (choice.kind === 'none') {
    return (
      `${bench} has no baseline in ${folder}, and none is written by the way in CI: ` +
      'run `vitest bench -u` on the machine that it stands for, and commit what it writes.'
    )
  }
  const { differences } = choice
  const axes = differences.slice(0, SHOWN).map((difference) => `\n  - ${differenceText(difference)}`)
  const more = differences.length > SHOWN ? `\n  - and ${differences.length - SHOWN} more` : ''
  const names = differences.slice(0, SHOWN).map(({ axis }) => `'${axis}'`)
  return (
    `${bench} has baselines of other cohorts only, which are not compared. The nearest differs in:${axes.join('')}${more}\n` +
    '  `vitest bench -u` adds a baseline for this cohort. Where the difference is what you want to check, name it: ' +
    `toHoldBaseline({ across: [${names.join(', ')}] }).`
  )
}
