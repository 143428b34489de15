import { counted } from '../../counted.ts'
import { changeText, intervalText } from '../../../reporters/changes.ts'
import type { Style } from '../../../reporters/terminal/style.ts'
import { renderTable } from '../../../reporters/terminal/table.ts'
import type { BisectOutcome, VersionOutcome } from './search.ts'

const HEAD = ['version', 'suite runs', 'state', 'change', 'interval', 'of'] as const
const STATES: Readonly<Record<NonNullable<VersionOutcome['state']>, string>> = {
  reference: 'good (reference)',
  good: 'good',
  bad: 'bad',
  undecided: 'undecided',
  untested: 'skipped',
}

/** What came of a search, for a terminal. */
export function renderOutcome(outcome: BisectOutcome, mostRuns: number, style: Style): string {
  const rows = outcome.versions.map(({ version, state, suiteRuns, figure }) => {
    const change = figure?.comparison.change
    return [
      version,
      String(suiteRuns),
      state === undefined ? '–' : STATES[state],
      change === undefined ? '–' : changeText(change, figure!.comparison),
      figure?.comparison.interval === undefined ? '–' : intervalText(figure.comparison.interval, figure.comparison),
      figure === undefined ? '–' : `${figure.comparison.metric} of ${figure.bench.name}`,
    ].map((text) => ({ text }))
  })
  const skipped = outcome.versions.filter(({ state }) => state === 'untested')
  return `${[
    '',
    ...renderTable(HEAD, rows, style),
    ...(skipped.length === 0 ? [] : ['']),
    ...skipped.map(({ version, notes }) => style.dim(`${version} was skipped: ${(notes[0] ?? '').split('\n', 1)[0]!}`)),
    '',
    resultText(outcome, style),
    style.dim(`${counted(outcome.suiteRuns, 'suite run')}, of ${mostRuns} at most where every version starts and tells`),
  ].join('\n')}\n`
}

function resultText({ result, versions, watched }: BisectOutcome, style: Style): string {
  const { kind } = result
  if (kind === 'found') {
    const names = watched.map(({ bench, metric }) => `${metric} of ${bench.name}`).join(', ')
    return `${style.bold(`${result.firstBad} is the first bad version`)}: ${result.lastGood} is good (by ${names})`
  }
  if (kind === 'pointless') return pointlessText(result, versions[0]!.version, style)
  const candidates = candidatesText(result.candidates, versions)
  if (kind === 'range') return `${style.bold(`The first bad version is one of ${candidates}`)}: ${result.lastGood} is good`
  const why = result.why === 'interrupted' ? 'Interrupted' : 'The runs of --max-runs are spent'
  return `${style.bold(why)}: the first bad version is one of ${candidates}, as far as is known`
}

function pointlessText({ bad, state }: Extract<BisectOutcome['result'], { kind: 'pointless' }>, good: string, style: Style): string {
  if (state === 'good') return `${style.bold(`${bad} is not bad`)}: it holds against ${good}, and there is nothing to look for`
  return state === 'undecided'
    ? `${style.bold(`${bad} is not shown to be bad`)}: its runs decide nothing against ${good}; allow more (--repeats), or a larger change (--within)`
    : `${style.bold(`${bad} can't be measured`)}, and it should be the bad one: name another by --bad`
}

function candidatesText(candidates: readonly string[], versions: readonly VersionOutcome[]): string {
  return candidates
    .map((candidate) => {
      const state = versions.find(({ version }) => version === candidate)?.state
      return state === 'undecided' || state === 'untested' ? `${candidate} (${STATES[state]})` : candidate
    })
    .join(', ')
}
