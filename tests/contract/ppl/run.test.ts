// Whole runs against a gRPC server, as the load worker drives them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { status as codes } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { prompts } from '../../../src/dsl/datasets.ts'
import { ppl } from '../../../src/dsl/ppl-target.ts'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import type { Workload } from '../../../src/dsl/workload.ts'
import { clients, rollout } from '../../../src/dsl/workloads.ts'
import { runInWorker } from '../../../src/load/run-in-worker.ts'
import type { RequestRecord } from '../../../src/metrics/record.ts'
import { summarize } from '../../../src/metrics/summarize.ts'
import type { RequestMetrics } from '../../../src/metrics/summary-types.ts'
import { finished, STOP, token, usePpl, usual, WIRES } from './fixture.ts'

const REQUESTS = 24
const dataset = prompts(Array.from({ length: REQUESTS }, (_, i) => `Prompt ${i}.`))

describe.each(WIRES)('a run on ppl (%s)', (wire) => {
  const at = usePpl(wire)
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llm-bench-ppl-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function run(workload: Workload): Promise<{ record: RequestRecord; metrics: RequestMetrics }> {
    const record = await runInWorker(
      {
        workload: workload[WORKLOAD].spec,
        target: ppl({ baseURL: at.server.url, wire, model: 'm' }),
        root: process.cwd(),
        folder,
        bench: 'ppl',
        workloadDigest: 'digest',
      },
      { onProgress: () => {}, signal: new AbortController().signal },
    )
    return { record: record as RequestRecord, metrics: summarize(record) as RequestMetrics }
  }

  test('counts tokens by the ids, prompts by the tokenizer, and failures by their kind; its ids are unique over two load workers', async () => {
    let asked = 0
    at.server.play(() => (asked++ % 4 === 1 ? [{ code: codes.RESOURCE_EXHAUSTED, details: 'full' }] : usual(wire)))
    const { record, metrics } = await run(clients({ n: 4, rampUp: 0, requests: REQUESTS, workers: 2, dataset }))
    expect(metrics).toMatchObject({ requests: REQUESTS, completed: 18, failed: 6, outputTokens: 18 * 3 })
    expect(metrics.errors).toEqual([{ kind: 'server', count: 6, example: 'gRPC status RESOURCE_EXHAUSTED: full' }])
    expect(metrics.ttft!.count).toBe(18)
    expect(record.tokens).toMatchObject({ output: 'server', input: 'bundled' })
    const ids = at.server.calls.map(({ requests }) => requests[0]!['id'])
    expect(new Set(ids).size).toBe(REQUESTS)
    await at.server.idle()
    expect(at.server.connections).toBeLessThanOrEqual(4)
  })

  test.runIf(wire === 'current')('a forced length is forced, and an answer that keeps it is told from one that does not', async () => {
    let asked = 0
    const end = (): ReturnType<typeof finished> => finished(wire, asked++ % 2 === 0 ? 'FINISH_REASON_LENGTH' : STOP)
    at.server.play(() => [{ write: [token('a')] }, { write: [{ ...end(), ...token('b') }] }])
    const { record } = await run(clients({ n: 2, rampUp: 0, requests: 4, outputLength: 2, dataset }))
    expect(at.server.calls.map(({ requests }) => requests[0]!['stoppingParameters'])).toEqual(
      Array.from({ length: 4 }, () => ({ maxNewTokens: 2, stopTokens: null, ignoreEosToken: true })),
    )
    const off = record.notes.filter((note) => note.includes('did not end at the length'))
    expect(off).toEqual([expect.stringContaining('2 of 4')])
  })

  test.runIf(wire === 'current')('several answers in one request are the rollout of a prompt', async () => {
    at.server.play(() => [
      { write: [token('a', { answer: 0 }), token('x', { answer: 1 })] },
      { write: [finished(wire, STOP, token('b', { answer: 0 })), finished(wire, STOP, token('y', { answer: 1 }))] },
    ])
    const { metrics } = await run(rollout({ batch: 2, n: 2, limit: 4, nPerRequest: true, dataset, details: false }))
    expect(metrics).toMatchObject({ completed: 8, failed: 0, outputTokens: 16 })
    expect(at.server.calls).toHaveLength(4)
  })

  test.runIf(wire === 'legacy')('what its requests cannot carry is refused by name', async () => {
    await expect(run(clients({ n: 1, requests: 1, dataset, minTokens: 3, topP: 0.5, topK: 3 }))).rejects.toThrow(
      "ppl() can't carry `minTokens` and `topP` and `topK`",
    )
    expect(at.server.calls).toHaveLength(0)
  })
})
