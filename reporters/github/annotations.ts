import { join } from 'node:path/posix'
import type { Holding } from '../../src/verdict/holding.ts'
import type { ErrorModel, RunModel, TestModel } from '../model.ts'
import { benchOutcomes, distinct, holdingGravity, runStateOf } from '../outcome.ts'
import type { BenchOutcome } from '../outcome.ts'
import { plainText, shorten } from '../text.ts'

/** GitHub shows no more of a kind for each step. */
const SHOWN = 10
const LONGEST = 2000

interface Annotation {
  readonly level: 'error' | 'warning'
  readonly title: string
  readonly message: string
  /** `file:line:column`, line and column where known; relative to the root. */
  readonly at: string
}

/**
 * Workflow commands that mark lines of the bench files: broken thresholds, regressions and runs that could not be judged as errors,
 * what is inconclusive or was disturbed as warnings; of each no more than GitHub shows.
 * @param thrown whether what was thrown is to be marked; Vitest's own reporter does that too
 */
export function renderAnnotations(model: RunModel, { thrown }: { thrown: boolean }): string[] {
  const errors = thrown ? model.tests.flatMap(errorAnnotations) : []
  const warnings = benchOutcomes(model).flatMap(warningAnnotations)
  return [...limited(errors), ...limited(warnings)].map((annotation) => command(annotation, model.root))
}

function errorAnnotations(test: TestModel): Annotation[] {
  if (test.state !== 'failed') return []
  return distinct(test.errors)
    .filter(({ cause }) => cause !== 'other')
    .map((error: ErrorModel) => ({ level: 'error', title: titleOf(test), message: error.message, at: error.at ?? placeOf(test) }))
}

function warningAnnotations({ test, bench, holdings, runs }: BenchOutcome): Annotation[] {
  const common = { level: 'warning', title: titleOf(test), at: placeOf(test) } as const
  return [
    ...holdings
      .filter((holding) => holding.state === 'inconclusive' && holdingGravity(test, holding) === 'doubtful')
      .map((holding) => ({ ...common, message: inconclusiveText(holding) })),
    ...runs
      .filter((run) => runStateOf(run) === 'degraded')
      .map(({ metrics }) => {
        const reasons = metrics.kind === 'requests' ? (metrics.client?.reasons ?? []) : []
        return { ...common, message: `${bench}: the client disturbed the run: ${reasons.join('; ')}` }
      }),
  ]
}

function inconclusiveText({ bench, against, comparisons, notes }: Holding): string {
  const undecided = comparisons.filter(({ state }) => state === 'inconclusive')
  return [`${bench} against ${against}: inconclusive`, ...undecided.map(({ message }) => message), ...notes].join('\n')
}

function limited(annotations: readonly Annotation[]): Annotation[] {
  if (annotations.length <= SHOWN) return [...annotations]
  const last = annotations[SHOWN - 1]!
  const rest = `and ${annotations.length - SHOWN + 1} more, in report.md`
  return [...annotations.slice(0, SHOWN - 1), { ...last, message: rest }]
}

function titleOf({ suites, name }: TestModel): string {
  return [...suites, name].join(' > ')
}

function placeOf({ file, line }: TestModel): string {
  return line === undefined ? file : `${file}:${line}`
}

/** As GitHub documents it: `::error file=…,line=…,col=…,title=…::message`. */
function command({ level, title, message, at }: Annotation, root: string): string {
  const [, file = at, line, column] = /^(.*?)(?::(\d+)(?::(\d+))?)?$/.exec(at) ?? []
  const properties = [
    `file=${property(join(root, file))}`,
    ...(line === undefined ? [] : [`line=${line}`]),
    ...(column === undefined ? [] : [`col=${column}`]),
    `title=${property(shorten(title, 200))}`,
  ]
  return `::${level} ${properties.join(',')}::${data(shorten(message, LONGEST))}`
}

function data(text: string): string {
  return plainText(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
