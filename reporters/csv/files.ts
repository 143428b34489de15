import type { RunReport } from '../../src/files/run-report.ts'
import type { RunModel } from '../model.ts'
import type { RequestRun } from './cells.ts'
import { renderClientsCsv } from './clients.ts'
import { renderProfileThroughputCsv, renderThroughputCsv, type LmdeployRun } from './lmdeploy.ts'
import { renderSchedulersCsv, type SchedulerRun } from './rosellm.ts'
import { renderOfflineJsonl, renderOneBatchJsonl, type OneBatchRun } from './sglang.ts'

/** A file to be written. */
export interface SeedFile {
  /** The bench's folder as the report names it; absent for a file that stands in the results folder itself. */
  readonly folder?: string
  readonly name: string
  readonly content: string
}

/**
 * The seed systems' own files for all runs of a results folder; none where nothing of theirs was measured. A rollout's files
 * are not among them: they are written while it runs.
 */
export function seedFiles(model: RunModel): SeedFile[] {
  const runs = model.tests.flatMap((test) => test.runs)
  const clients = runs.filter(isClientRun)
  const files: SeedFile[] = clients.length === 0 ? [] : [{ name: 'clients.csv', content: renderClientsCsv(clients) }]
  const schedulers = runs.filter(isSchedulerRun)
  if (schedulers.length > 0) files.push({ name: 'schedulers.csv', content: renderSchedulersCsv(schedulers) })
  for (const [folder, inFolder] of Map.groupBy(runs, (run) => run.folder)) {
    const add = (name: string, content: string): unknown => files.push({ folder, name, content })
    const throughput = inFolder.filter(isLmdeployRun)
    if (throughput.length > 0) {
      add('throughput.csv', renderThroughputCsv(throughput))
      add('profile_throughput.csv', renderProfileThroughputCsv(throughput))
    }
    const offline = inFolder.filter(isOfflineRun)
    if (offline.length > 0) add('offline.jsonl', renderOfflineJsonl(offline))
    const oneBatch = inFolder.filter(isOneBatchRun)
    if (oneBatch.length > 0) add('one_batch.jsonl', renderOneBatchJsonl(oneBatch))
  }
  return files
}

function isClientRun(run: RunReport): run is RequestRun {
  return run.metrics.kind === 'requests' && (run.workload.kind === 'clients' || run.workload.kind === 'requestRate')
}

function isOfflineRun(run: RunReport): run is RequestRun {
  return run.metrics.kind === 'requests' && run.workload.kind === 'offline'
}

function isSchedulerRun(run: RunReport): run is SchedulerRun {
  return isOfflineRun(run) && run.workload.kind === 'offline' && run.workload.mode !== undefined
}

function isLmdeployRun(run: RunReport): run is LmdeployRun {
  return isClientRun(run) || isOfflineRun(run)
}

function isOneBatchRun(run: RunReport): run is OneBatchRun {
  return run.metrics.kind === 'oneBatch' && run.workload.kind === 'oneBatch'
}
