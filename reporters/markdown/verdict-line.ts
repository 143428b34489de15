import { counted } from '../../src/counted.ts'
import type { Comparison } from '../../src/verdict/comparison.ts'
import { changeText } from '../changes.ts'
import type { RunModel } from '../model.ts'
import { GRAVITIES, hasOwnErrors, holdingGravity, isBroken, runStateOf } from '../outcome.ts'
import type { BenchOutcome, Gravity } from '../outcome.ts'
import { shorten } from '../text.ts'
import { code } from './escape.ts'

/** Names that one sentence lists; the tables below have them all. */
const NAMED = 3

export const MARKS: Readonly<Record<Gravity, string>> = { bad: '❌', doubtful: '⚠️', better: '🚀', fine: '✅' }

/** A name as reports show it, as code. */
export function name(text: string): string {
  return code(shorten(text, 100))
}

/** What of a model is judged. */
type JudgedModel = Pick<RunModel, 'tests' | 'unhandledErrors' | 'partial'>

/** What came of the whole run: a heading, and one line that says what regressed, what can't be told, and what held. */
export function verdictLine(model: JudgedModel, benches: readonly BenchOutcome[]): string {
  const tally = tallyOf(model, benches)
  const gravity = gravityOf(model, benches)
  const facts = factsOf(tally)
  return `## ${MARKS[gravity]} ${titleOf(gravity, tally)}\n\n${facts.length === 0 ? 'No bench was measured.' : facts.join(' ')}`
}

function gravityOf(model: JudgedModel, benches: readonly BenchOutcome[]): Gravity {
  const failed =
    model.partial || model.unhandledErrors.length > 0 || model.tests.some(({ state }) => state === 'failed' || state === 'pending')
  if (failed) return 'bad'
  return GRAVITIES.find((gravity) => benches.some((bench) => bench.gravity === gravity)) ?? 'fine'
}

interface Tally {
  /** Names of what is in each state, as Markdown. */
  readonly regressed: string[]
  readonly inconclusive: string[]
  readonly improved: string[]
  readonly notCompared: string[]
  readonly invalid: string[]
  readonly degraded: string[]
  readonly failed: string[]
  held: number
  written: number
  expected: number
  broken: number
  unjudged: number
  thresholds: number
  readonly unhandled: number
  readonly pending: number
  readonly flaky: number
  readonly partial: boolean
}

function tallyOf(model: JudgedModel, benches: readonly BenchOutcome[]): Tally {
  const tally: Tally = {
    regressed: [],
    inconclusive: [],
    improved: [],
    notCompared: [],
    invalid: [],
    degraded: [],
    failed: model.tests.filter(hasOwnErrors).map((test) => name(test.name)),
    held: 0,
    written: 0,
    expected: 0,
    broken: 0,
    unjudged: 0,
    thresholds: 0,
    unhandled: model.unhandledErrors.length,
    pending: model.tests.filter(({ state }) => state === 'pending').length,
    flaky: model.tests.filter(({ flaky }) => flaky).length,
    partial: model.partial,
  }
  for (const outcome of benches) {
    countHoldings(tally, outcome)
    for (const verdict of outcome.verdicts) {
      tally.thresholds++
      if (!isBroken(outcome.test, verdict)) continue
      if (verdict.state === 'fail') tally.broken++
      else tally.unjudged++
    }
    const states = outcome.runs.map(runStateOf)
    if (states.some((state) => state === 'client-bound' || state === 'partial')) tally.invalid.push(name(outcome.bench))
    else if (states.includes('degraded')) tally.degraded.push(name(outcome.bench))
  }
  return tally
}

function countHoldings(tally: Tally, { test, bench, holdings }: BenchOutcome): void {
  for (const holding of holdings) {
    const tolerated = holdingGravity(test, holding) === 'fine'
    if (holding.state === 'written') tally.written++
    else if (holding.state === 'error' && holding.comparisons.length === 0) {
      if (tolerated) tally.expected++
      else tally.notCompared.push(name(bench))
    }
    for (const comparison of holding.comparisons) {
      const of = `${name(comparison.metric)} of ${name(bench)}`
      if (comparison.state === 'pass') tally.held++
      else if (comparison.state === 'improved') tally.improved.push(`${of}${changed(comparison)}`)
      else if (comparison.state === 'inconclusive') tally.inconclusive.push(of)
      else if (tolerated) tally.expected++
      else if (comparison.state === 'regressed') tally.regressed.push(`${of}${changed(comparison)}`)
      else tally.notCompared.push(of)
    }
  }
}

function changed(comparison: Comparison): string {
  return comparison.change === undefined ? '' : ` (${changeText(comparison.change, comparison)})`
}

function titleOf(gravity: Gravity, tally: Tally): string {
  if (gravity === 'bad') {
    if (tally.regressed.length > 0) return 'Performance regressed'
    if (tally.broken > 0) return tally.broken === 1 ? 'A threshold is broken' : 'Thresholds are broken'
    if (tally.invalid.length > 0) return 'Runs are invalid'
    if (tally.notCompared.length > 0 || tally.unjudged > 0) return 'Not everything could be judged'
    if (tally.inconclusive.length > 0 && tally.failed.length === 0) return 'Inconclusive'
    return tally.partial ? 'The run was cut short' : 'Tests failed'
  }
  if (gravity === 'doubtful') return tally.inconclusive.length > 0 ? 'Inconclusive' : 'Held, in disturbed runs'
  if (gravity === 'better') return 'Performance improved'
  if (tally.held > 0) return 'Performance held'
  if (tally.written > 0) return 'Baselines written'
  return tally.thresholds > 0 ? 'All thresholds met' : 'Measured, with nothing asserted'
}

function factsOf(tally: Tally): string[] {
  return [
    ...(tally.partial ? ['**The run was cut short**; what follows is of what was done by then.'] : []),
    ...listed('Regressed', tally.regressed),
    ...listed('Inconclusive', tally.inconclusive),
    ...listed('Improved', tally.improved),
    ...(tally.held === 0 ? [] : [`${counted(tally.held, 'metric')} held.`]),
    ...listed('Not compared', tally.notCompared),
    ...(tally.written === 0 ? [] : [`${counted(tally.written, 'baseline')} written.`]),
    ...(tally.expected === 0 ? [] : [`${counted(tally.expected, 'comparison')} failed as the test expects.`]),
    ...(tally.thresholds === 0 ? [] : [thresholdsText(tally)]),
    ...listed('Invalid', tally.invalid),
    ...listed('Disturbed by the client', tally.degraded),
    ...listed('Failed for other reasons', tally.failed),
    ...(tally.unhandled === 0 ? [] : [`${counted(tally.unhandled, 'error')} outside of tests.`]),
    ...(tally.pending === 0 ? [] : [`${counted(tally.pending, 'test')} did not end.`]),
    ...(tally.flaky === 0 ? [] : [`${counted(tally.flaky, 'test')} passed only when tried again.`]),
  ]
}

function thresholdsText({ thresholds, broken, unjudged }: Tally): string {
  const unable = unjudged === 0 ? '' : `, ${unjudged} can't be judged`
  if (broken > 0) return `**${broken} of ${counted(thresholds, 'threshold')} broken**${unable}.`
  return unjudged > 0
    ? `**${unjudged} of ${counted(thresholds, 'threshold')} can't be judged.**`
    : `${counted(thresholds, 'threshold')} met.`
}

function listed(title: string, names: readonly string[]): string[] {
  if (names.length === 0) return []
  const more = names.length - NAMED
  const shown = names.slice(0, more === 1 ? NAMED + 1 : NAMED).join(', ')
  return [`**${title}:** ${shown}${more > 1 ? ` and ${more.toLocaleString('en-US')} more` : ''}.`]
}
