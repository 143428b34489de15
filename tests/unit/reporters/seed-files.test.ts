// From times as they were recorded to the seed systems' files, to the byte. The golden files' figures were computed apart from
// this project, with NumPy, by the definitions of the seed systems.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { seedFiles } from '../../../reporters/csv/files.ts'
import { shareGPT, synthetic } from '../../../src/dsl/datasets.ts'
import { specOf, type Workload } from '../../../src/dsl/workload.ts'
import { clients, offline, oneBatch, requestRate } from '../../../src/dsl/workloads.ts'
import type { RunReport } from '../../../src/files/run-report.ts'
import type { BatchRecord, RunRecord } from '../../../src/metrics/record.ts'
import { summarize } from '../../../src/metrics/summarize.ts'
import { recordOf, type Sketch } from '../metrics/records.ts'
import { model, run, test as testModel } from './fixtures.ts'

const golden = (name: string): string => readFileSync(new URL(`golden/record/${name}`, import.meta.url), 'utf8')

/** Milliseconds; the fourth failed, and the fifth's chunks carry more tokens than one. */
const REQUESTS: Sketch[] = [
  { sent: 0, first: 50, gapsMs: [10, 12, 11] },
  { sent: 100, first: 180.5, gapsMs: [9.5, 10.5], promptTokens: 21 },
  { sent: 120, first: 150.25, gapsMs: [], promptTokens: 7 },
  { sent: 300, completed: false, errorKind: 'reset', promptTokens: 9, outputTokens: 0 },
  { sent: 400, first: 463, gapsMs: [20, 0, 40], outputTokens: 6, promptTokens: 33 },
  { sent: 401, first: 900.125, gapsMs: [30], promptTokens: 1024 },
]
const RECORD = recordOf(REQUESTS, { endNs: 2.5e9, errors: [{ kind: 'reset', count: 1, example: 'reset' }] })
const WHOLE = recordOf(
  REQUESTS.map((request, i) => ({ ...request, first: Number.NaN, gapsMs: [], last: i === 3 ? Number.NaN : 1000 + i, outputTokens: 5 })),
  { endNs: 2.5e9, streamed: false },
)
const BATCHES: BatchRecord = {
  kind: 'oneBatch',
  cases: [
    { batch: 4, inputLength: 1024, outputLength: 1, prefillNs: 3_736_421_108, decodeNs: [] },
    { batch: 4, inputLength: 1024, outputLength: 4, prefillNs: 3_582_474_470, decodeNs: [31_260_000, 19_140_000, 18_890_000] },
    { batch: 8, inputLength: 16, outputLength: 2, prefillNs: 250_000_000, decodeNs: [20_000_000] },
    { batch: 512, inputLength: 1024, outputLength: 1, decodeNs: [], skipped: 'needs more tokens than the engine holds' },
  ],
  notes: [],
  partial: false,
}

function report(bench: string, workload: Workload, record: RunRecord, kind = 'openai'): RunReport {
  const folder = `bench-results/now/${bench}`
  return run({ bench, workload: specOf(workload)!, metrics: summarize(record), target: { kind }, folder })
}

const dataset = shareGPT('samples_1024.json')
const runs = [
  report('chat', clients({ n: 2, requests: 6, dataset }), RECORD, 'ppl'),
  report('rate', requestRate({ rate: 2.5, requests: 6, dataset, maxConcurrency: 64 }), RECORD),
  report('whole', clients({ n: 16, requests: 6, stream: false, dataset, outputLength: 5 }), WHOLE),
  report('offline', offline({ requests: 6, dataset: synthetic({ inputTokens: 1024, outputTokens: 5 }) }), RECORD, 'vllm'),
  report(
    'static',
    oneBatch({ batch: [4, 8, 512], inputLength: [16, 1024], outputLength: [1, 2, 4], runName: 'test_run' }),
    BATCHES,
    'llama',
  ),
]
const files = seedFiles(model({ tests: [testModel({ runs })] }))

test.each([
  ['clients.csv', undefined],
  ['throughput.csv', 'chat'],
  ['profile_throughput.csv', 'chat'],
  ['throughput.csv', 'rate'],
  ['profile_throughput.csv', 'rate'],
  ['throughput.csv', 'whole'],
  ['profile_throughput.csv', 'whole'],
  ['throughput.csv', 'offline'],
  ['profile_throughput.csv', 'offline'],
  ['offline.jsonl', 'offline'],
  ['one_batch.jsonl', 'static'],
])('%s of %s', (name, bench) => {
  const folder = bench === undefined ? undefined : `bench-results/now/${bench}`
  const written = files.find((file) => file.name === name && file.folder === folder)
  expect(written?.content).toBe(golden(bench === undefined ? name : `${bench}.${name}`))
})
