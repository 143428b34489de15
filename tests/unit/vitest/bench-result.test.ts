import { describe, expect, test } from 'vitest'
import { specOf } from '../../../src/dsl/workload.ts'
import { clients } from '../../../src/dsl/workloads.ts'
import type { RunReport } from '../../../src/files/run-report.ts'
import { ColumnBuilder } from '../../../src/metrics/columns.ts'
import type { BatchRecord, RequestRecord } from '../../../src/metrics/record.ts'
import type { RunSample } from '../../../src/verdict/run-sample.ts'
import { carryingRuns, measuredRun, toBenchResult } from '../../../src/vitest/bench-result.ts'

const report = { bench: 'b', metrics: { kind: 'requests' }, workload: specOf(clients({ n: 1 })) } as unknown as RunReport
const sample: RunSample = {
  version: 1,
  bench: { file: 'b.bench.ts', test: 't', name: 'b' },
  startedAt: '2026-03-01T12:00:00.000Z',
  cohort: {},
  partial: false,
  figures: {},
}

function record(latenciesMs: number[], wallMs: number, failed = 0): RequestRecord {
  const columns = new ColumnBuilder()
  for (const ms of latenciesMs)
    columns.append({ promptIndex: 0, scheduledNs: 0, sentNs: 1e6, lastTokenNs: 1e6 + ms * 1e6, completed: true })
  for (let i = 0; i < failed; i++) columns.append({ promptIndex: 0, scheduledNs: 0, sentNs: 0, completed: false, errorKind: 'http' })
  return {
    kind: 'requests',
    originNs: 0n,
    startNs: 0,
    endNs: wallMs * 1e6,
    columns: columns.finish(),
    errors: [],
    tokens: { output: 'server', input: 'server' },
    dataset: { name: 'd', rows: 1, digest: 'x', wrapped: false },
    notes: [],
    partial: false,
    streamed: true,
  }
}

describe('the benchmark result of a run', () => {
  test('has E2E latency per request in ms and requests per second of the run', () => {
    const result = toBenchResult('b', record([100, 200, 300, 400], 500))
    expect(result).toMatchObject({ name: 'b', state: 'completed', totalTime: 500, period: 125 })
    expect(result.latency).toMatchObject({ min: 100, max: 400, mean: 250, samplesCount: 4 })
    // Four requests overlapped within half a second.
    expect(result.throughput.mean).toBeCloseTo(8, 9)
    expect(result.throughput.samplesCount).toBe(4)
  })

  test('leaves failed requests out of the latency', () => {
    expect(toBenchResult('b', record([100], 100, 3)).latency.samplesCount).toBe(1)
  })

  test('carries what matchers need without showing it', () => {
    const once = { report, sample }
    const result = carryingRuns(toBenchResult('b', record([100], 100)), {
      runs: [once],
      repeats: { min: 1, max: 1 },
      standing: once,
      again: () => Promise.reject(new Error('not called')),
    })
    expect(measuredRun(result)?.standing.report).toBe(report)
    expect(JSON.stringify(result)).not.toContain('"workload"')
    expect(measuredRun({ latency: {} })).toBeUndefined()
    expect(measuredRun(null)).toBeUndefined()
  })

  test('is an error where nothing completed', () => {
    expect(() => toBenchResult('b', record([], 100, 2))).toThrow('No request completed')
  })

  test('of a static batch has a sample for each case', () => {
    const batch: BatchRecord = {
      kind: 'oneBatch',
      cases: [
        { batch: 1, inputLength: 8, outputLength: 3, prefillNs: 5e6, decodeNs: [1e6, 2e6] },
        { batch: 9, inputLength: 8, outputLength: 3, decodeNs: [], skipped: 'does not fit' },
      ],
      notes: [],
      partial: false,
    }
    expect(toBenchResult('b', batch).latency).toMatchObject({ samplesCount: 1, mean: 8 })
  })
})
