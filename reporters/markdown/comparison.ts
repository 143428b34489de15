import { counted } from '../../src/counted.ts'
import type { BenchHolding, SideFacts, SidesComparison } from '../../src/verdict/compare-sides.ts'
import type { BenchName } from '../../src/verdict/run-sample.ts'
import type { TestModel } from '../model.ts'
import { benchOutcomes } from '../outcome.ts'
import { benchBlock } from './bench.ts'
import { inline } from './escape.ts'
import { blocksOf, renderPage } from './page.ts'
import { name, verdictLine } from './verdict-line.ts'

const NAMED = 10

/** What `compare` found, as Markdown: the verdict first, then each bench; short enough for a comment, as `report.md` is. */
export function renderComparisonMarkdown(comparison: SidesComparison): string {
  const { holdings, reference, measured, onlyReference, onlyMeasured, withoutMetric } = comparison
  const model = { tests: holdings.map(testOf), unhandledErrors: [], partial: false }
  const benches = benchOutcomes(model)
  const blockOf = (outcome: (typeof benches)[number]): string => benchBlock(outcome, undefined)
  return renderPage({
    head: verdictLine(model, benches),
    bad: blocksOf(benches, ['bad'], blockOf),
    notable: blocksOf(benches, ['doubtful', 'better'], blockOf),
    quiet: blocksOf(benches, ['fine'], blockOf),
    tail: [
      ...listed(`Only in ${name(reference.name)}`, onlyReference),
      ...listed(`Only in ${name(measured.name)}`, onlyMeasured),
      ...listed('None of the metrics asked for', withoutMetric),
      `<sub>${sideText(reference)} · ${sideText(measured)}</sub>`,
    ],
    whole: 'Compare again with `--format json` for all of them.',
  })
}

/** A test that fails where its bench does not hold, as one with a matcher would. */
function testOf(holding: BenchHolding): TestModel {
  const { file, test, ...rest } = holding
  const failed = rest.state === 'regressed' || rest.state === 'error' || rest.state === 'invalid'
  return {
    file,
    project: '',
    suites: [],
    name: test,
    state: failed ? 'failed' : 'passed',
    durationMs: 0,
    flaky: false,
    attempts: 1,
    errors: [],
    runs: [],
    verdicts: [],
    holdings: [rest],
    benchmarks: [],
  }
}

function listed(title: string, benches: readonly BenchName[]): string[] {
  if (benches.length === 0) return []
  const more = benches.length - NAMED
  const names = benches.slice(0, NAMED).map((bench) => `${name(bench.name)} of ${name(bench.file)}`)
  return [`**${title}:** ${names.join(', ')}${more > 0 ? ` and ${more.toLocaleString('en-US')} more` : ''}.`]
}

function sideText({ name: side, runs, from, to }: SideFacts): string {
  const [first, last] = [from, to].map((time) => time.slice(0, 10))
  return inline(`${side}: ${counted(runs, 'run')} of ${first === last ? first : `${first} to ${last}`}`)
}
