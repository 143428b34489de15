// Whole runs against a server that misbehaves: each fault is counted under its kind, leaks no socket, stops no run and is in no latency.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { prompts } from '../../src/dsl/datasets.ts'
import { openai } from '../../src/dsl/targets.ts'
import { WORKLOAD } from '../../src/dsl/workload.ts'
import type { Workload } from '../../src/dsl/workload.ts'
import { clients, requestRate, rollout } from '../../src/dsl/workloads.ts'
import { runInWorker } from '../../src/load/run-in-worker.ts'
import { startClock } from '../../src/metrics/clock.ts'
import type { ErrorKind } from '../../src/metrics/columns.ts'
import type { RequestRecord } from '../../src/metrics/record.ts'
import { summarize } from '../../src/metrics/summarize.ts'
import type { RequestMetrics } from '../../src/metrics/summary-types.ts'
import { ProtocolServer, respond, respondJSON, respondStream } from './protocol-server.ts'
import type { Step } from './protocol-server.ts'
import { openaiChat as wire } from './wires/openai.ts'

const clock = startClock()
/** Seconds by which faults that are silence end; all others end by themselves. */
const silence = { timeout: 3, idleTimeout: 2 }
const FAULT_EVERY = 4
const REQUESTS = 24
const FAULTS = REQUESTS / FAULT_EVERY
const dataset = prompts(Array.from({ length: REQUESTS }, (_, i) => `Prompt ${i}.`))

let server: ProtocolServer
let folder: string

beforeEach(async () => {
  server = await ProtocolServer.start(clock)
  folder = await mkdtemp(join(tmpdir(), 'llm-bench-faults-'))
})

afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const frames = (...events: string[]): string[] => events.map((data) => wire.frame(data))
const streamed = (parts: string[], end?: Step): Step[] => respondStream(parts, { contentType: wire.contentType, ...(end ? { end } : {}) })
const good = streamed(
  frames(wire.token('a'), wire.token('b'), wire.finish('stop', { usage: { promptTokens: 3, outputTokens: 2 } }), wire.end!),
)
const models = respondJSON({ data: [{ id: 'm' }] })

/** Plays the fault for every fourth request, and for all others a good answer. */
function misbehave(fault: readonly Step[]): void {
  let asked = 0
  server.play(({ method }) => (method === 'GET' ? models : asked++ % FAULT_EVERY === 1 ? fault : good))
}

async function run(workload: Workload, limits: Partial<typeof silence> = {}): Promise<{ record: RequestRecord; metrics: RequestMetrics }> {
  const record = await runInWorker(
    {
      workload: workload[WORKLOAD].spec,
      target: openai({ baseURL: server.url, ...limits }),
      root: process.cwd(),
      folder,
      bench: 'faults',
      workloadDigest: 'digest',
    },
    { onProgress: () => {}, signal: new AbortController().signal },
  )
  return { record: record as RequestRecord, metrics: summarize(record) as RequestMetrics }
}

/** A moment's wait that the client can't tell from a slow server. */
const pause = (ms: number): Step => {
  let endNs: number | undefined
  return { until: () => clock.now() >= (endNs ??= clock.now() + ms * 1e6) }
}

const json = { 'content-type': 'application/json' }
const faults: [string, ErrorKind, Step[]][] = [
  ['500', 'http', respond(500, json, '{"error":{"message":"out of memory"}}')],
  ['429 with Retry-After', 'http', respond(429, { ...json, 'retry-after': '60' }, '{"error":{"message":"slow down"}}')],
  ['a reset in mid-stream', 'reset', streamed(frames(wire.token('a')), 'reset')],
  ['a close in mid-stream', 'reset', streamed(frames(wire.token('a')), 'close')],
  ['a stall past the idle time-out', 'idle', streamed(frames(wire.token('a')), 'hang')],
  ['headers that never come', 'timeout', ['hang']],
  ['a stream cut short', 'truncated', streamed(frames(wire.token('a')))],
  ['bad JSON', 'protocol', streamed(frames(wire.token('a'), '{"choices": [{"delta": {"content": '))],
  ['an error event under 200', 'server', streamed(frames(wire.token('a'), wire.error('engine died'), wire.end!))],
  ['an empty stream', 'empty', streamed(frames(wire.finish('stop'), wire.end!))],
  ['a stream of no event', 'truncated', streamed([])],
]

describe('each fault is counted under its kind and stops nothing', () => {
  test.for(faults)('%s', async ([, kind, fault]) => {
    misbehave(fault)
    const isSilence = kind === 'idle' || kind === 'timeout'
    // All silence is waited for at once.
    const n = isSilence ? REQUESTS : 4
    const { record, metrics } = await run(clients({ n, rampUp: 0, requests: REQUESTS, dataset }), isSilence ? silence : {})
    expect(record.partial).toBe(false)
    expect(metrics.errors).toEqual([{ kind, count: FAULTS, example: expect.any(String) as string }])
    expect(metrics).toMatchObject({
      requests: REQUESTS,
      completed: REQUESTS - FAULTS,
      failed: FAULTS,
      outputTokens: 2 * (REQUESTS - FAULTS),
    })
    // Tokens that came before the fault are in no latency, nor is the time that it took to be noticed.
    for (const latency of [metrics.ttft, metrics.e2e]) expect(latency!.count).toBe(REQUESTS - FAULTS)
    expect((metrics.itl?.requests ?? 0) + (metrics.answersInOneRead ?? 0)).toBe(REQUESTS - FAULTS)
    expect(metrics.client!.connections).toBeGreaterThanOrEqual(1)
    await server.idle()
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(REQUESTS)
  })
})

test('slow headers are no fault: the wait is in the TTFT', async () => {
  misbehave([pause(120), ...good])
  const { metrics } = await run(clients({ n: 4, rampUp: 0, requests: REQUESTS, dataset }))
  expect(metrics).toMatchObject({ completed: REQUESTS, errors: [] })
  expect(metrics.ttft!.max).toBeGreaterThanOrEqual(120)
  await server.idle()
})

test.for<[string, Workload]>([
  ['open loop', requestRate({ rate: 200, requests: REQUESTS, dataset })],
  ['rollouts', rollout({ batch: 4, n: 2, limit: 12, dataset, details: false })],
])('faults stop no %s either', async ([, workload]) => {
  misbehave(faults[0]![2])
  const { record, metrics } = await run(workload)
  expect(record.partial).toBe(false)
  expect(metrics).toMatchObject({ requests: REQUESTS, failed: FAULTS, errors: [{ kind: 'http', count: FAULTS }] })
  await server.idle()
})

test('a server that is gone refuses what is left, and the run ends by its own count', async () => {
  let answered = 0
  server.play(({ method }) => {
    if (method === 'GET') return models
    if (++answered === 8) void server.close()
    return good
  })
  const { record, metrics } = await run(clients({ n: 2, rampUp: 0, requests: REQUESTS, dataset }))
  expect(record.partial).toBe(false)
  expect(metrics.requests).toBe(REQUESTS)
  expect(metrics.completed).toBeGreaterThanOrEqual(6)
  expect(metrics.errors.every(({ kind }) => kind === 'connect' || kind === 'reset')).toBe(true)
  expect(metrics.errors.find(({ kind }) => kind === 'connect')!.count).toBeGreaterThanOrEqual(REQUESTS - 12)
})

test('a server that is restarted in mid-run is found again', async () => {
  let answered = 0
  let restarted: Promise<void> | undefined
  const script = ({ method }: { method: string }): readonly Step[] => {
    if (method === 'GET') return models
    answered++
    if (answered === 20) restarted = restart()
    return [pause(5), ...good]
  }
  let before = 0
  const restart = async (): Promise<void> => {
    const { port } = server
    await server.close()
    before = answered
    await sleep(250)
    server = await ProtocolServer.start(clock, port)
    server.play(script)
  }
  server.play(script)
  const { record, metrics } = await run(clients({ n: 4, rampUp: 0, duration: 3, dataset }))
  await restarted!
  expect(record.partial).toBe(false)
  expect(metrics.failed).toBeGreaterThan(0)
  expect(metrics.errors.every(({ kind }) => kind === 'connect' || kind === 'reset')).toBe(true)
  // The new server was asked, and answered.
  expect(answered).toBeGreaterThan(before)
  expect(record.columns.completed.at(-1)).toBe(1)
  expect(metrics.ttft!.count).toBe(metrics.completed)
  await server.idle()
})
