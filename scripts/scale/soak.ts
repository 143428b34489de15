import { readdirSync, readlinkSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openai } from '../../src/dsl/targets.ts'
import { specOf } from '../../src/dsl/workload.ts'
import { clients } from '../../src/dsl/workloads.ts'
import { runPlan } from '../../src/load/run-plan.ts'
import type { RunPlan } from '../../src/load/plan.ts'
import { e2eMs, ttftMs } from '../../src/metrics/latencies.ts'
import type { RequestFigure } from '../../src/metrics/latencies.ts'
import type { Progress } from '../../src/metrics/progress.ts'
import type { RequestRecord } from '../../src/metrics/record.ts'
import { distribution } from '../../src/metrics/percentiles.ts'
import { summarize } from '../../src/metrics/summarize.ts'
import { residentOf, say } from './memory.ts'

const MINUTE_MS = 60_000
const SAMPLE_MS = 1000
const TOKENS = 64

/** Loads a server for a long time from this thread and tells what grows: a line a minute, and each minute's latencies at the end. */
export async function soak(baseURL: string, minutes: number, streams: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-bench-soak-'))
  const workload = clients({ n: streams, rampUp: 1, duration: minutes * 60, maxTokens: TOKENS })
  const plan: RunPlan = {
    workload: specOf(workload)!,
    target: openai({ baseURL }),
    root: folder,
    folder,
    bench: 'soak',
    workloadDigest: 'none',
  }
  let progress: Progress | undefined
  const watch = watchGrowth(() => progress)
  try {
    const record = await runPlan(plan, { onProgress: (now) => (progress = now), signal: new AbortController().signal })
    if (record.kind === 'requests') tellLatencies(record, minutes)
  } finally {
    clearInterval(watch)
    await rm(folder, { recursive: true, force: true })
  }
}

function watchGrowth(progress: () => Progress | undefined): NodeJS.Timeout {
  const startedAt = performance.now()
  let minute = 0
  let before = { completed: 0, outputTokens: 0 }
  let heap = Infinity
  let cpu = process.cpuUsage()
  say('minute | completed | tokens | failed in all | RSS MB | least heap MB | array buffers MB | sockets | CPU %')
  return setInterval(() => {
    // What is left after a collection; between two of them the heap always grows.
    heap = Math.min(heap, process.memoryUsage().heapUsed)
    if (performance.now() - startedAt < (minute + 1) * MINUTE_MS) return
    minute++
    const { completed = 0, outputTokens = 0, failed = 0 } = progress() ?? {}
    const { user, system } = process.cpuUsage(cpu)
    cpu = process.cpuUsage()
    const { arrayBuffers } = process.memoryUsage()
    const cells = [
      minute,
      completed - before.completed,
      outputTokens - before.outputTokens,
      failed,
      residentOf().now.toFixed(0),
      (heap / 1e6).toFixed(1),
      (arrayBuffers / 1e6).toFixed(1),
      sockets(),
      (((user + system) / 1000 / MINUTE_MS) * 100).toFixed(1),
    ]
    say(cells.join(' | '))
    before = { completed, outputTokens }
    heap = Infinity
  }, SAMPLE_MS)
}

function sockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}

function tellLatencies(record: RequestRecord, minutes: number): void {
  const { columns, startNs } = record
  say('minute | requests | TTFT p50, p99 ms | E2E p50, p99 ms')
  for (let minute = 0; minute < minutes; minute++) {
    const inMinute = (i: number): boolean => Math.floor((columns.sentNs[i]! - startNs) / (MINUTE_MS * 1e6)) === minute
    const of = (figure: RequestFigure): string => {
      const values = Array.from({ length: columns.length }, (_, i) => (inMinute(i) ? figure(columns, i) : Number.NaN))
      const sample = distribution(values.filter((value) => !Number.isNaN(value)))
      return sample === undefined ? '–' : `${sample.p50.toFixed(2)}, ${sample.p99.toFixed(2)}`
    }
    const requests = columns.sentNs.reduce((count, _, i) => (inMinute(i) ? count + 1 : count), 0)
    say([minute + 1, requests, of(ttftMs), of(e2eMs)].join(' | '))
  }
  const metrics = summarize(record)
  if (metrics.kind !== 'requests') return
  const { completed, failed, client } = metrics
  say(
    `completed ${completed}, failed ${failed}, ${client?.validity} ${client?.reasons.join('; ')}, ${client?.connections} connections opened`,
  )
}
