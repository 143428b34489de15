import { counted } from '../../src/counted.ts'
import type { Comparison } from '../../src/verdict/comparison.ts'
import type { Holding } from '../../src/verdict/holding.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { advices, changeText, intervalText, sideText, withinText } from '../changes.ts'
import { formatMargin, formatValue, medianText } from '../figures.ts'
import { comparisonGravity, GRAVITIES, runStateOf, verdictGravity } from '../outcome.ts'
import type { BenchOutcome } from '../outcome.ts'
import { targetText, workloadText } from '../run-facts.ts'
import { shorten } from '../text.ts'
import { inline, table } from './escape.ts'
import { MARKS, name } from './verdict-line.ts'

/** Rows of one table, the gravest first; a bench has a thousand only where something is wrong with the bench. */
const ROWS = 40
const SENTENCES = 10
const SENTENCE_LENGTH = 500

/**
 * All that a reader wants of one bench.
 * @param target what answered all runs of the suite, which then is said elsewhere
 */
export function benchBlock(outcome: BenchOutcome, target: string | undefined): string {
  const { test, bench, gravity, holdings, verdicts } = outcome
  const place = `${test.file}${test.line === undefined ? '' : `:${test.line}`}`
  const title = [name(bench), name([...test.suites, test.name].join(' > ')), name(place)]
  return [
    `### ${MARKS[gravity]} ${title.join(' · ')}`,
    ...holdings.flatMap((holding) => holdingParts(outcome, holding, Math.ceil(ROWS / holdings.length))),
    ...(verdicts.length === 0 ? [] : thresholdParts(outcome)),
    ...runParts(outcome, target),
  ].join('\n\n')
}

function holdingParts(outcome: BenchOutcome, holding: Holding, rows: number): string[] {
  const { comparisons, against, differences, matcher } = holding
  const graded = comparisons
    .map((comparison) => ({ comparison, gravity: comparisonGravity(outcome.test, holding, comparison) }))
    .toSorted((a, b) => GRAVITIES.indexOf(a.gravity) - GRAVITIES.indexOf(b.gravity))
  const reference = matcher === 'toHoldBaseline' ? 'baseline' : name(against)
  const there = matcher === 'toHoldBaseline' ? 'in the baseline' : `in ${reference}`
  const sentences = [
    ...comparisons.filter(isToldInWords).map(({ message }) => sentence(message)),
    ...advices(comparisons).map(({ advice, metrics }) => `${metrics.slice(0, SENTENCES).map(name).join(', ')}: ${sentence(advice)}`),
    ...differences.map(({ axis, reference, measured }) => `${name(axis)}: ${axisText(reference)} ${there}, ${axisText(measured)} now`),
    ...holding.notes.map(sentence),
  ]
  const runs = comparisons.find(({ measured }) => measured !== undefined)?.measured?.runs
  return [
    `Against ${inline(shorten(against, 200))}${runs === undefined ? '' : `, now ${counted(runs, 'run')}`}${HOLDING_STATES[holding.state]}`,
    ...(comparisons.length === 0
      ? []
      : [
          table(
            ['metric', reference, 'now', 'change', 'verdict'],
            ['left', 'right', 'right', 'right', 'left'],
            graded
              .slice(0, rows)
              .map(({ comparison, gravity }) => [
                name(comparison.metric),
                sideText(comparison, 'reference'),
                sideText(comparison, 'measured'),
                changeCell(comparison),
                `${MARKS[gravity]} ${verdictCell(comparison)}`,
              ]),
          ),
          ...furtherRows(comparisons.length - rows),
        ]),
    ...bullets(sentences),
  ]
}

const HOLDING_STATES: Readonly<Record<Holding['state'], string>> = {
  held: ':',
  regressed: ':',
  inconclusive: ':',
  written: ': written just now.',
  invalid: ': **not judged**.',
  error: ': **not compared**.',
}

/** Whether the table's figures say too little: there are none, or they count what only words can show (answers that changed). */
function isToldInWords({ state, reference }: Comparison): boolean {
  return state === 'error' || (state === 'regressed' && reference === undefined)
}

function changeCell(comparison: Comparison): string {
  const { change, interval } = comparison
  if (change === undefined) return '–'
  const text = changeText(change, comparison)
  return interval === undefined ? text : `${text} (${intervalText(interval, comparison)})`
}

function verdictCell(comparison: Comparison): string {
  const within = withinText(comparison)
  return {
    pass: `held within ${within}`,
    improved: `improved by more than ${within}`,
    regressed: `regressed by more than ${within}`,
    inconclusive: `inconclusive at ${within}`,
    error: 'not compared',
  }[comparison.state]
}

function thresholdParts({ test, verdicts }: BenchOutcome): string[] {
  const graded = verdicts
    .map((verdict) => ({ verdict, gravity: verdictGravity(test, verdict) }))
    .toSorted((a, b) => GRAVITIES.indexOf(a.gravity) - GRAVITIES.indexOf(b.gravity))
  const shown = graded.slice(0, ROWS)
  return [
    table(
      ['threshold', 'measured', 'margin', 'verdict'],
      ['left', 'right', 'right', 'left'],
      shown.map(({ verdict, gravity }) => [
        name(verdict.threshold),
        verdict.measured === undefined ? '–' : `${formatValue(verdict.measured, verdict.unit)}${medianText(verdict.median)}`,
        verdict.margin === undefined ? '–' : formatMargin(verdict.margin),
        `${MARKS[gravity]} ${thresholdCell(verdict, gravity === 'fine')}`,
      ]),
    ),
    ...furtherRows(verdicts.length - ROWS),
    ...bullets(shown.flatMap(({ verdict }) => (verdict.state === 'error' ? [sentence(verdict.message)] : []))),
  ]
}

function thresholdCell({ state, negated, fewSamples }: Verdict, tolerated: boolean): string {
  const text = state === 'pass' ? 'met' : state === 'error' ? "can't be judged" : negated === true ? 'met, and should not be' : 'broken'
  const few = fewSamples === undefined ? '' : `, few samples: ${fewSamples.have} of ${fewSamples.need}`
  return `${text}${state !== 'pass' && tolerated ? ', as the test expects' : ''}${few}`
}

/** What ran, whether its figures are worth anything, and where they lie; runs that say the same stand together. */
function runParts({ runs, test }: BenchOutcome, target: string | undefined): string[] {
  const facts = new Set(runs.map((run) => [workloadText(run.workload), ...(target === undefined ? [targetText(run)] : [])].join(' · ')))
  const folders = runs.map(({ folder }) => folder)
  const states = runs.map((run, i) => {
    const state = runStateOf(run)
    if (state === 'valid') return undefined
    const reasons = run.metrics.kind === 'requests' ? (run.metrics.client?.reasons ?? []) : []
    const label = runs.length === 1 ? 'The run' : `Run ${i + 1} of ${runs.length}`
    return sentence([`${label} is ${state}`, ...(reasons.length === 0 ? [] : [reasons.join('; ')])].join(': '))
  })
  const valid = states.filter((state) => state === undefined).length
  const count = runs.length === 1 ? '1 run' : `${runs.length} runs`
  const validity = valid === runs.length ? `, ${runs.length === 1 ? '' : 'all '}valid` : valid > 0 ? `, ${valid} valid` : ''
  const attempts = test.attempts > 1 ? `, attempt ${test.attempts}` : ''
  const more = folders.length > 1 ? ` and ${folders.length - 1} beside it` : ''
  return [
    ...bullets([...states.filter((state) => state !== undefined), ...[...new Set(runs.flatMap(({ notes }) => notes))].map(sentence)]),
    ...(runs.length === 0
      ? []
      : [`${count}${validity}${attempts} · ${sentence([...facts].join(' · '))} · files in ${name(folders[0]!)}${more}`]),
  ]
}

function axisText(value: string | undefined): string {
  return value === undefined ? 'unknown' : name(value)
}

function sentence(text: string): string {
  return inline(shorten(text, SENTENCE_LENGTH))
}

function bullets(sentences: readonly string[]): string[] {
  if (sentences.length === 0) return []
  const more = sentences.length - SENTENCES
  return [
    [
      ...sentences.slice(0, SENTENCES).map((sentence) => `- ${sentence}`),
      ...(more > 0 ? [`- and ${more.toLocaleString('en-US')} more such remarks in summary.json`] : []),
    ].join('\n'),
  ]
}

function furtherRows(count: number): string[] {
  return count > 0 ? [`and ${count.toLocaleString('en-US')} more, in summary.json`] : []
}
