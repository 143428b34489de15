import { resolve } from 'node:path'
import { inject } from 'vitest'
import type { AsyncMatcherResult, MatcherState } from 'vitest'
import { z } from 'zod'
import { counted } from '../counted.ts'
import { parseOptions, share, show } from '../dsl/options.ts'
import type { WorkloadSpec } from '../dsl/workload-spec.ts'
import { LlmBenchError } from '../errors.ts'
import { readGolden, writeGolden } from '../files/golden.ts'
import { PROVIDED_KEY } from '../files/provided.ts'
import { compareAnswers, goldenOf } from '../verdict/answers.ts'
import type { AnswersGiven, Golden } from '../verdict/answers.ts'
import { holdingOf } from '../verdict/hold.ts'
import type { HoldingFacts } from '../verdict/hold.ts'
import type { Holding } from '../verdict/holding.ts'
import type { MeasuredRun } from './bench-result.ts'
import { measuredRun } from './bench-result.ts'
import { conclude, telling } from './conclude.ts'
import { mustBeAwaited } from './must-await.ts'
import { receivedRun } from './received.ts'

const MATCHER = 'toKeepAnswers()'

const keepOptions = z.strictObject({ allow: share.default(0) })

/** Options of `toKeepAnswers()`. */
export type KeepAnswersOptions = z.input<typeof keepOptions>

/**
 * `await expect(run).toKeepAnswers('golden.json', { allow: '1%' })`: under load and greedy decoding, a bench gives the answers that
 * it gave before, or those of another bench. Vitest's `-u` writes the file, and so does a first run outside CI.
 */
export function toKeepAnswers(
  this: MatcherState,
  received: unknown,
  golden: unknown,
  options: KeepAnswersOptions = {},
): AsyncMatcherResult {
  return mustBeAwaited(this, MATCHER, keepAnswers(this, received, golden, options))
}

async function keepAnswers(
  { isNot, task }: MatcherState,
  received: unknown,
  golden: unknown,
  options: KeepAnswersOptions,
): AsyncMatcherResult {
  if (isNot) throw new LlmBenchError('USAGE', `${MATCHER} can't be turned round by .not.`)
  const { allow } = parseOptions(keepOptions, options, MATCHER)
  const run = receivedRun(received, MATCHER)
  const source = sourceOf(golden)
  const { bench, attempt } = run.standing.report
  const against = source.kind === 'file' ? source.path : source.run.standing.report.bench
  const facts: HoldingFacts = { bench, attempt, matcher: 'toKeepAnswers', against, inconclusive: 'warn', differences: [], notes: [] }
  return conclude(task, await telling(task, facts, 'error', () => judge(run, source, allow, facts)))
}

type Source = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'bench'; readonly run: MeasuredRun }

function sourceOf(golden: unknown): Source {
  if (typeof golden === 'string' && golden !== '') return { kind: 'file', path: golden }
  const run = measuredRun(golden)
  if (run !== undefined) return { kind: 'bench', run }
  throw new LlmBenchError(
    'USAGE',
    `${MATCHER} takes the path of a file of golden answers, or the result of another bench, and got ${show(golden)}.`,
  )
}

async function judge(run: MeasuredRun, source: Source, allow: number, facts: HoldingFacts): Promise<Holding> {
  const given = answersOf(run)
  if (source.kind === 'bench') {
    const { dataset, answers } = answersOf(source.run)
    return held(goldenOf(dataset, answers).golden, given, allow, facts)
  }
  const { root, update } = inject(PROVIDED_KEY)
  const path = resolve(root, source.path)
  const golden = update === 'all' ? undefined : await readGolden(path)
  if (golden !== undefined) return held(golden, given, allow, facts)
  if (update === 'none') {
    throw new LlmBenchError(
      'BASELINE',
      `${facts.bench} has no golden answers in ${source.path}, and none are written by the way in CI: run \`vitest bench -u\`, and commit what it writes.`,
    )
  }
  const made = goldenOf(given.dataset, given.answers)
  await writeGolden(path, made.golden)
  return { ...facts, state: 'written', comparisons: [], notes: unsteadyNotes(made.unsteady, given.answers.length) }
}

function held(golden: Golden, given: GivenAnswers, allow: number, facts: HoldingFacts): Holding {
  const { bench, attempt, against } = facts
  if (golden.dataset !== given.dataset) {
    throw new LlmBenchError(
      'BASELINE',
      `${against} holds answers to another dataset (${golden.dataset}) than that of ${bench} (${given.dataset}): use that dataset, or write them anew with \`vitest bench -u\`.`,
    )
  }
  return holdingOf(facts, [compareAnswers(golden, given, allow, { bench, attempt, against })])
}

function unsteadyNotes(unsteady: number, answers: number): string[] {
  if (unsteady === 0) return []
  return [
    `${unsteady} of ${counted(answers, 'answer')} differ from other answers to the same prompt: batching changes what this server decodes, so \`allow\` some.`,
  ]
}

interface GivenAnswers extends AnswersGiven {
  /** Digest of the dataset that was asked. */
  readonly dataset: string
}

/** All answers of a bench, whichever run gave them. */
function answersOf({ runs, standing }: MeasuredRun): GivenAnswers {
  const { bench, workload, metrics } = standing.report
  refuseOthers(bench, workload)
  const asked = new Set<number>()
  const answered = new Set<number>()
  for (const { requests } of runs) {
    requests?.columns.promptIndex.forEach((prompt, i) => {
      asked.add(prompt)
      if (requests.columns.completed[i] === 1) answered.add(prompt)
    })
  }
  return {
    dataset: metrics.kind === 'requests' ? metrics.dataset.digest : '',
    answers: runs.flatMap(({ answers = [] }) => answers),
    unanswered: [...asked].filter((prompt) => !answered.has(prompt)),
  }
}

/** @throws {LlmBenchError} `USAGE` where a run's answers are not kept, or differ by chance */
function refuseOthers(bench: string, workload: WorkloadSpec): void {
  if (workload.kind === 'oneBatch') {
    throw new LlmBenchError('USAGE', `${MATCHER} is for answers to prompts, and ${bench} is oneBatch(): use \`correctness: true\` there.`)
  }
  if (!workload.keepAnswers) {
    throw new LlmBenchError('USAGE', `${MATCHER} needs the answers of ${bench}: give ${workload.kind}() \`keepAnswers: true\`.`)
  }
  if (workload.temperature === 0 || workload.doSample === false) return
  throw new LlmBenchError(
    'USAGE',
    `${MATCHER} is for greedy decoding, and ${bench} samples (temperature ${workload.temperature ?? "of the server's choice"}): give ${workload.kind}() \`temperature: 0\`.`,
  )
}
