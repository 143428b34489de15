import { relative } from 'node:path'
import type { MatcherState } from 'vitest'
import { LlmBenchError } from '../errors.ts'
import { writeBaseline } from '../files/baselines.ts'
import type { ProvidedSettings } from '../files/provided.ts'
import { baselineOf, whyNoBaselineRun } from '../verdict/baseline.ts'
import type { Baseline } from '../verdict/baseline.ts'
import { clausesFor } from '../verdict/check-hold.ts'
import type { CheckedHold } from '../verdict/check-hold.ts'
import { LEAST_RUNS } from '../verdict/statistics/difference.ts'
import type { RunSample } from '../verdict/run-sample.ts'
import type { MeasuredOnce, MeasuredRun } from './bench-result.ts'

type Task = MatcherState['task']

/** What a test has written: a retry writes anew, a second matcher on the same run does not. */
interface Written {
  /** Which retry or repetition of the test it was. */
  readonly turn: string
  readonly run: MeasuredRun
  readonly baseline: Baseline
}

const written = new WeakMap<object, Map<string, Written>>()

/** Whether the test, or an earlier attempt of it, has written this bench's baseline. */
export function wasWrittenBy(task: Task, { sample }: MeasuredOnce): boolean {
  return task !== undefined && written.get(task)?.has(keyOf(sample)) === true
}

/**
 * Runs a bench up to its most, or to what a baseline keeps, for it is compared with often, and writes these runs as the baseline of
 * their cohort.
 * @throws {LlmBenchError} `BASELINE` where a run may not stand in one, a figure that is to hold is missing, or the test has written
 *   that baseline already
 */
export async function writeBaselineOf(
  task: Task,
  run: MeasuredRun,
  hold: CheckedHold,
  { baselines, root, update }: ProvidedSettings,
): Promise<{ baseline: Baseline; notes: string[] }> {
  const { bench, attempt } = run.standing.report
  const turn = `${attempt} ${task?.result?.repeatCount ?? 0}`
  const ofTest = written.get(task ?? run) ?? new Map<string, Written>()
  written.set(task ?? run, ofTest)
  const key = keyOf(run.standing.sample)
  const before = ofTest.get(key)
  if (before !== undefined && before.turn === turn) {
    if (before.run === run) return { baseline: before.baseline, notes: ['It was written for another assertion on the same run.'] }
    throw new LlmBenchError(
      'BASELINE',
      `${bench} was run twice by this test, and both runs would be its baseline: give each bench a name of its own.`,
    )
  }
  refuse(run, hold)
  const most = Math.min(run.repeats.max, baselines.keep)
  while (run.runs.length < most) {
    await run.again()
    refuse(run, hold)
  }
  const baseline = baselineOf(run.runs.slice(-baselines.keep).map(({ sample }) => sample) as [RunSample, ...RunSample[]])
  const path = relative(root, await writeBaseline(baselines.folder, baseline))
  ofTest.set(key, { turn, run, baseline })
  return { baseline, notes: [`Written to ${path}${update === 'all' ? '' : ': there was none'}.`, ...tooFewNotes(baseline)] }
}

function keyOf({ bench, cohort }: RunSample): string {
  return JSON.stringify([bench, cohort])
}

function tooFewNotes({ runs }: Baseline): string[] {
  if (runs.length >= LEAST_RUNS) return []
  return [`Against fewer than ${LEAST_RUNS} runs every comparison is inconclusive: give the workload repeats, such as { min: 3, max: 10 }.`]
}

function refuse({ runs, standing }: MeasuredRun, hold: CheckedHold): void {
  const { bench } = standing.report
  const samples = runs.map(({ sample }) => sample)
  for (const [i, { report, sample }] of runs.entries()) {
    const why = whyNoBaselineRun(sample)
    if (why === undefined) continue
    const which = runs.length === 1 ? 'its run' : `run ${i + 1} of ${runs.length}`
    throw new LlmBenchError(
      'BASELINE',
      `The baseline of ${bench} is not written: ${which} is ${why}, and later runs would be held against disturbed figures.` +
        `${(sample.reasons ?? []).map((reason) => `\n  - ${reason}`).join('')}\n` +
        `  Measure again on a calmer machine, or allow more: llmBench({ validity: { … } }). What was measured is in ${report.folder}.`,
    )
  }
  for (const { metric, allowFewSamples } of clausesFor(hold, samples, samples)) {
    const figures = samples.map((sample) => sample.figures[metric])
    if (figures.includes(undefined)) {
      throw new LlmBenchError(
        'BASELINE',
        `The baseline of ${bench} is not written: a run has no ${metric}, which is to hold. Leave it out.`,
      )
    }
    const few = allowFewSamples === true ? undefined : figures.find((figure) => figure?.fewSamples !== undefined)?.fewSamples
    if (few === undefined) continue
    throw new LlmBenchError(
      'BASELINE',
      `The baseline of ${bench} is not written: ${metric}, which is to hold, needs ${few.need} samples in every run and one has ${few.have}. ` +
        'Send more requests, hold a lower percentile, or set allowFewSamples: true.',
    )
  }
}
