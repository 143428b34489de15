import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { inject, recordArtifact } from 'vitest'
import type { RunnerTestCase } from 'vitest'
import { workloadDigest } from '../dsl/digest.ts'
import { redact, redactURL } from '../dsl/redact.ts'
import { isRepeated, repeatText } from '../dsl/repeats.ts'
import { isStarted } from '../dsl/targets.ts'
import type { LiveTargetSpec, TargetSpec } from '../dsl/targets.ts'
import { validityLimits } from '../dsl/validity.ts'
import type { ValidityLimits } from '../dsl/validity.ts'
import { needsEngine } from '../dsl/workload-spec.ts'
import type { WorkloadSpec } from '../dsl/workload-spec.ts'
import { LlmBenchError } from '../errors.ts'
import { ANSWERS_FILE, writeAnswers } from '../files/answers.ts'
import { PROVIDED_KEY } from '../files/provided.ts'
import type { ProvidedSettings } from '../files/provided.ts'
import { writeRequestsParquet } from '../files/requests-parquet.ts'
import { benchFolderName, removeIfEmpty, toRootRelative } from '../files/results.ts'
import { findResumable } from '../files/resume.ts'
import { REPORT_VERSION, RUN_ARTIFACT } from '../files/run-report.ts'
import type { RunReport, TargetFacts } from '../files/run-report.ts'
import { resultsError, writeFileAtomic } from '../files/write.ts'
import type { Progress } from '../metrics/progress.ts'
import type { RunPlan } from '../load/plan.ts'
import { runInWorker } from '../load/run-in-worker.ts'
import type { RunRecord } from '../metrics/record.ts'
import { summarize } from '../metrics/summarize.ts'
import { scheduleNotes } from '../metrics/validity.ts'
import { SAMPLE_FILE } from '../verdict/run-sample.ts'
import type { BenchName } from '../verdict/run-sample.ts'
import { sampleOf } from '../verdict/sample-of.ts'
import { toBenchResult } from './bench-result.ts'
import { cohortOf } from './cohort-of.ts'
import { ControlClient } from './control-client.ts'
import { metaOf } from './meta.ts'
import { modelDigestOf, modelFileOf } from './model-file.ts'
import { hasFailures, onServer } from './on-server.ts'
import type { ServedRun } from './on-server.ts'
import { withoutOwnFrames } from './own-frames.ts'
import { resolveSubject } from './resolve-subject.ts'
import type { Subject } from './resolve-subject.ts'
import type { MeasuredRepeat } from './run-group.ts'

let control: ControlClient | undefined

/**
 * Runs one workload once for a test: load, figures, files, and the artifact that the reporters read.
 * @param index which of its repeats it is, from 0
 */
export async function runWorkload(test: RunnerTestCase, bench: string, workload: WorkloadSpec, index: number): Promise<MeasuredRepeat> {
  const settings = inject(PROVIDED_KEY)
  control ??= new ControlClient(settings.controlPath)
  const attempt = test.result?.retryCount ?? 0
  const startedAt = new Date()
  const started = performance.now()
  const folder = await makeFolder(test, bench, attempt, settings)
  const client = control
  const repeat = isRepeated(workload.repeats) ? { repeat: { index } } : {}
  const { plan, subject, record, version, notes, lost } = await measure()
  const metrics = summarize(record, limitsFor(workload, subject, settings))
  const answers = record.kind === 'requests' ? record.answers : undefined
  if (record.kind === 'requests') await writeRequestsParquet(join(folder, 'requests.parquet'), record)
  if (answers !== undefined) await writeAnswers(join(folder, ANSWERS_FILE), answers)
  const target = factsOf(plan, subject, record, version)
  const { environment, root } = settings
  const modelDigest = await modelDigestOf(modelFileOf(subject), root)
  const cohort = cohortOf({ workload, subject, target, metrics, modelDigest, environment, ignore: settings.baselines.ignore, root })
  const report: RunReport = {
    version: REPORT_VERSION,
    bench,
    attempt,
    workload: redact({
      ...workload,
      ...(plan.target ? { target: reportedTarget(subject, plan.target) } : {}),
      ...(plan.engine ? { engine: plan.engine } : {}),
    }),
    workloadDigest: plan.workloadDigest,
    cohort,
    target,
    metrics,
    folder: toRootRelative(settings.root, folder),
    startedAt: startedAt.toISOString(),
    durationMs: performance.now() - started,
    partial: record.partial,
    ...repeat,
    notes: [
      ...(subject.note === undefined ? [] : [subject.note]),
      ...(lost === undefined ? [] : [`${lost.how}.`]),
      ...notes,
      ...record.notes,
      ...earlyNotes(record),
      ...(metrics.kind === 'requests' ? scheduleNotes(metrics) : []),
    ],
    ...(record.kind === 'oneBatch' ? { cases: [...record.cases] } : {}),
  }
  const sample = sampleOf({
    bench: nameOf(test, bench, settings),
    startedAt: report.startedAt,
    cohort,
    partial: record.partial,
    metrics,
    requests: record.kind === 'requests' ? record : undefined,
  })
  await writeFileAtomic(join(folder, SAMPLE_FILE), `${JSON.stringify(sample, null, 2)}\n`)
  await recordArtifact(test, { type: RUN_ARTIFACT, report })
  metaOf(test).runs.push({ bench, attempt, metrics, folder: report.folder, partial: report.partial, ...repeat })
  if (lost !== undefined && (record.partial || hasFailures(record))) {
    throw new LlmBenchError('SERVER', `${bench}: ${lost.error.message}\n  What was measured until then is in ${report.folder}.`)
  }
  const endedEarly = record.kind === 'requests' ? record.endedEarly : undefined
  if (endedEarly !== undefined) {
    throw new LlmBenchError(
      'RUN_FAILED',
      `${bench} was ended early: ${endedEarly}. What was measured until then is in ${report.folder}, marked as partial.`,
    )
  }
  if (record.partial)
    throw new LlmBenchError(
      'CANCELLED',
      `${bench} was interrupted: what was measured until then is in ${report.folder}, marked as partial.`,
    )
  return {
    once: { report, sample, requests: record.kind === 'requests' ? record : undefined, answers },
    statistics: toBenchResult(bench, record),
  }

  async function measure(): Promise<{ plan: RunPlan; subject: Subject } & ServedRun> {
    try {
      const subject = resolveSubject(workload, settings, process.env)
      const base = await planOf(workload, bench, folder, settings)
      const onProgress = (progress: Progress): void => client.showProgress(bench, progress, run)
      const run = isRepeated(workload.repeats) ? repeatText(index, workload.repeats) : undefined
      const { signal } = test.context
      if (subject.kind === 'engine') {
        const plan = { ...base, engine: subject.engine }
        return { plan, subject, record: await runInWorker(plan, { onProgress, signal }), notes: [] }
      }
      let plan: RunPlan = base
      const served = await onServer(subject.target, client, signal, (target, ends) => {
        plan = { ...base, target, sharesMachine: sharesMachine(subject) }
        return runInWorker(plan, { onProgress, signal: ends })
      })
      return { plan, subject, ...served }
    } catch (error) {
      await removeIfEmpty(folder)
      throw error instanceof LlmBenchError ? fromHere(error) : error
    } finally {
      client.showProgress(bench, undefined)
    }
  }
}

function earlyNotes(record: RunRecord): string[] {
  return record.kind === 'requests' && record.endedEarly !== undefined ? [`Ended early: ${record.endedEarly}.`] : []
}

/** Whether the server runs on the client's own cores: the embedded engine does, and is disturbed by the client anyhow. */
function sharesMachine(subject: Subject): boolean {
  return subject.kind === 'target' && subject.target.kind === 'embedded'
}

/** Then a run is degraded at most. */
const SHARED_MACHINE = { boundFactor: Number.MAX_VALUE }

function limitsFor(workload: WorkloadSpec, subject: Subject, settings: ProvidedSettings): ValidityLimits {
  const own = needsEngine(workload) ? undefined : workload.validity
  return validityLimits(own, settings.validity, sharesMachine(subject) ? SHARED_MACHINE : undefined)
}

/** Frames between an error of the load worker and the user's line: ours, then Vitest's. */
const FRAMES = 50

/** The same error with a stack that leads to the user's line: one of the load worker was made in another process. */
function fromHere({ code, message, cause }: LlmBenchError): LlmBenchError {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = FRAMES
  const error = new LlmBenchError(code, message, { cause })
  Error.stackTraceLimit = stackTraceLimit
  return withoutOwnFrames(error)
}

function nameOf(test: RunnerTestCase, name: string, { root }: ProvidedSettings): BenchName {
  return { file: toRootRelative(root, test.file.filepath), test: test.fullTestName, name }
}

async function makeFolder(test: RunnerTestCase, bench: string, attempt: number, settings: ProvidedSettings): Promise<string> {
  const base = benchFolderName({ ...nameOf(test, bench, settings), attempt })
  // The same bench may run several times in one test: every run keeps its files.
  for (let repeat = 1; ; repeat++) {
    const folder = join(settings.resultsFolder, repeat === 1 ? base : `${base}-${repeat}`)
    try {
      await mkdir(settings.resultsFolder, { recursive: true })
      await mkdir(folder)
      return folder
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw resultsError('create', folder, error)
    }
  }
}

/** The plan without what it runs on. */
async function planOf(workload: WorkloadSpec, bench: string, folder: string, settings: ProvidedSettings): Promise<RunPlan> {
  const digest = workloadDigest(workload)
  const details = workload.kind === 'rollout' && !settings.details ? { ...workload, details: false } : workload
  const resumeFrom =
    workload.kind === 'rollout' && workload.resume
      ? await findResumable(settings.resultsHome, {
          bench,
          workloadDigest: digest,
          exclude: settings.resultsFolder,
          folderName: basename(folder),
        })
      : undefined
  const base = { workload: details, root: settings.root, folder, bench, workloadDigest: digest }
  return { ...base, ...(resumeFrom === undefined ? {} : { resumeFrom }) }
}

/** A server that the user had started by the run tells more by its command than by the port that it got. */
function reportedTarget(subject: Subject, live: LiveTargetSpec): TargetSpec {
  return subject.kind === 'target' && subject.target.kind === 'launch' ? subject.target : live
}

function factsOf(plan: RunPlan, subject: Subject, record: RunRecord, asked: string | undefined): TargetFacts {
  const model = record.model ?? plan.target?.model
  const version = asked ?? record.version
  return {
    kind: subject.kind === 'engine' ? subject.engine.kind : subject.target.kind === 'launch' ? subject.target.name : subject.target.kind,
    // A server that the run started has a new port every time; it says nothing.
    ...(plan.target === undefined || (subject.kind === 'target' && isStarted(subject.target))
      ? {}
      : { address: plan.target.baseURLs.map(redactURL).join(', ') }),
    ...(model === undefined ? {} : { model }),
    ...(version === undefined ? {} : { version }),
    ...(record.device === undefined ? {} : { device: record.device }),
  }
}
