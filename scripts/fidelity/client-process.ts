/**
 * The measured process: puts a load with a build's own code, in a load process as in a bench, and tells what it found.
 * @module
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Datasets from '../../src/dsl/datasets.ts'
import type * as Targets from '../../src/dsl/targets.ts'
import type * as WorkloadModule from '../../src/dsl/workload.ts'
import type * as Workloads from '../../src/dsl/workloads.ts'
import type * as RunInWorker from '../../src/load/run-in-worker.ts'
import type * as Summarize from '../../src/metrics/summarize.ts'
import { ownSeconds } from './machine.ts'
import type { ClientTask, FromClient, ToldRequest } from './told.ts'

const PADDING = 'hello world '.repeat(40)
const PHASES_OF_LOAD = new Set(['ramp-up', 'running', 'draining'])

const task = JSON.parse(process.argv[2]!) as ClientTask
const from = <Module>(path: string) => import(pathToFileURL(join(task.build, 'src', path)).href) as Promise<Module>
const { runInWorker } = await from<typeof RunInWorker>('load/run-in-worker.js')
const { summarize } = await from<typeof Summarize>('metrics/summarize.js')
const { clients, requestRate } = await from<typeof Workloads>('dsl/workloads.js')
const { prompts } = await from<typeof Datasets>('dsl/datasets.js')
const { openai } = await from<typeof Targets>('dsl/targets.js')
const { specOf } = await from<typeof WorkloadModule>('dsl/workload.js')

const { arrivals, requests, tokens } = task.load
const dataset = prompts(Array.from({ length: requests }, (_, id) => `#id=${id}# ${PADDING}`))
const shared = { requests, maxTokens: tokens, dataset }
const workload =
  arrivals.kind === 'streams'
    ? clients({ ...shared, n: arrivals.streams, rampUp: arrivals.rampUp, order: 'shared' })
    : requestRate({ ...shared, rate: arrivals.rate })

let loading = true
const before = ownSeconds()
const record = await runInWorker(
  {
    workload: specOf(workload)!,
    target: openai({ baseURL: `http://127.0.0.1:${task.port}` }),
    root: process.cwd(),
    folder: process.cwd(),
    bench: 'fidelity',
    workloadDigest: 'none',
  },
  {
    onProgress: ({ phase }) => {
      if (loading && PHASES_OF_LOAD.has(phase)) send({ type: 'load' })
      loading &&= !PHASES_OF_LOAD.has(phase)
    },
    signal: new AbortController().signal,
  },
)
const after = ownSeconds()
if (record.kind !== 'requests') throw new Error('this workload leaves a record of requests')
const metrics = summarize(record)
if (metrics.kind !== 'requests' || metrics.client === undefined) throw new Error('a run against a server measures its client')
const { columns } = record
send({
  type: 'told',
  told: {
    originNs: String(record.originNs),
    threadCpuMicros: metrics.client.workers.reduce((sum, { cpuShare = Number.NaN }) => sum + cpuShare, 0) * metrics.client.seconds * 1e6,
    processCpuMicros: before === undefined || after === undefined ? Number.NaN : (after - before) * 1e6,
    wallSeconds: metrics.wallSeconds,
    errors: record.errors,
    requests: Array.from({ length: columns.length }, (_, i): ToldRequest => [
      columns.promptIndex[i]!,
      columns.client[i]!,
      columns.scheduledNs[i]!,
      columns.sentNs[i]!,
      columns.firstTokenNs[i]!,
      columns.lastTokenNs[i]!,
      columns.chunks[i]!,
    ]),
    client: metrics.client,
  },
})

function send(message: FromClient): void {
  process.send!(message)
}
