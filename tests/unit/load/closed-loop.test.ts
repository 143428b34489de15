import { describe, expect, test } from 'vitest'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { clients } from '../../../src/dsl/workloads.ts'
import type { ClientsOptions } from '../../../src/dsl/workloads.ts'
import { closedLoop, closedResult } from '../../../src/load/closed-loop.ts'
import { logNotes } from '../../../src/load/log-facts.ts'
import { wholeProgress } from '../../../src/load/pool/shared-progress.ts'
import { datasetOf, driverOf, lastText, MemoryTarget, numbered } from './memory-target.ts'
import type { MemoryTargetOptions } from './memory-target.ts'
import { watchStalls } from './stalls.ts'

const specOf = (options: Partial<ClientsOptions>) => clients({ n: 4, rampUp: 0, ...options })[WORKLOAD].spec

const run = async (options: Partial<ClientsOptions>, targetOptions?: MemoryTargetOptions, dataset = numbered(100)) => {
  const target = new MemoryTarget(targetOptions)
  const spec = specOf(options)
  const { log, facts } = await closedLoop(driverOf(spec, dataset, target))
  const result = closedResult(spec, [facts], dataset.rows.length, log.span)
  return { target, result, requests: log.facts, columns: await log.finish() }
}

const promptsByClient = (columns: { client: Int32Array; promptIndex: Int32Array }): Record<number, number[]> =>
  Object.fromEntries([...new Set(columns.client)].map((id) => [id, [...columns.promptIndex].filter((_, i) => columns.client[i] === id)]))

test('each client sends its quota one request at a time, the same sequence in every run', async () => {
  const first = await run({ requests: 42 }, { latencyMs: 1 })
  const second = await run({ requests: 42 })
  const sequences = promptsByClient(first.columns)
  expect(Object.values(sequences).map((sent) => sent.length)).toEqual([11, 11, 10, 10])
  expect(promptsByClient(second.columns)).toEqual(sequences)
  expect(first.target.mostInFlight).toBe(4)
  expect(first.result).toMatchObject({ wrapped: false, partial: false })
})

test('more requests than rows wrap round, and the result says so', async () => {
  const { result, columns } = await run({ requests: 42 }, {}, numbered(10))
  expect(result.wrapped).toBe(true)
  expect(new Set(columns.promptIndex).size).toBe(10)
})

test('client i starts i × rampUp / n after the first', async () => {
  const stalledMs = watchStalls()
  const { result, columns } = await run({ rampUp: 0.4, requests: 4 }, { latencyMs: 1 })
  const slackMs = 80 + stalledMs()
  const starts = [...columns.sentNs].map((sent) => (sent - result.span![0]) / 1e6)
  for (const [i, ms] of starts.entries()) {
    expect(ms).toBeGreaterThanOrEqual(i * 100)
    expect(ms).toBeLessThan(i * 100 + slackMs)
  }
  expect([...columns.scheduledNs].map((at) => Math.round(at - result.span![0]))).toEqual([0, 100e6, 200e6, 300e6])
})

test('the steady window lies between the last start and the first finish', async () => {
  const { result, columns } = await run({ rampUp: 0.08, requests: 80 }, { latencyMs: 10 })
  const [startNs, endNs] = result.steadyNs!
  expect(startNs - result.span![0]).toBeGreaterThanOrEqual(60e6)
  const lastOf = (id: number): number => Math.max(...[...columns.lastTokenNs].filter((_, i) => columns.client[i] === id))
  expect(endNs / 1e6).toBeCloseTo(Math.min(...[0, 1, 2, 3].map(lastOf)) / 1e6, 1)
  expect(startNs).toBeLessThan(endNs)
})

test('there is no steady window where the first client is done before the last one starts', async () => {
  const { result } = await run({ rampUp: 0.2, requests: 4 })
  expect(result.steadyNs).toBeUndefined()
  expect(result.notes).toEqual([expect.stringContaining('no steady window')])
})

test('clients without a quota are no part of the steady window', async () => {
  const { result, target } = await run({ requests: 2 }, { latencyMs: 20 })
  expect(target.sent).toHaveLength(2)
  expect(result.steadyNs).toBeDefined()
  expect(result.notes).toEqual(['2 of 4 clients had nothing to send: requests (2) is below n.'])
})

/** The phase whenever an answer ends. */
const phasesOf = async (options: Partial<ClientsOptions>, latencyMs: number): Promise<{ seen: string[]; last: string }> => {
  const seen: string[] = []
  const phase = (): string => wholeProgress(driver.progress.snapshot(), []).phase
  const fail = (): undefined => void seen.push(phase())
  const driver = driverOf(specOf(options), numbered(10), new MemoryTarget({ latencyMs, fail }))
  await closedLoop(driver)
  return { seen, last: phase() }
}

describe('the phase', () => {
  test('is draining only once no request will follow, however early a client was done', async () => {
    expect((await phasesOf({ n: 2, rampUp: 1, requests: 2 }, 1)).seen).toEqual(['ramp-up', 'draining'])
    const { seen } = await phasesOf({ n: 2, rampUp: 0, requests: 6 }, 1)
    expect(seen.slice(0, 4)).toEqual(Array(4).fill('running'))
    expect(seen.at(-1)).toBe('draining')
  })

  test('stays draining when clients come that have nothing to send', async () => {
    expect(await phasesOf({ n: 4, rampUp: 0.1, requests: 1 }, 1)).toEqual({ seen: ['draining'], last: 'draining' })
  })

  test('is draining when the time is over', async () => {
    const { seen, last } = await phasesOf({ n: 2, rampUp: 0, duration: 0.1 }, 5)
    expect(seen[0]).toBe('running')
    expect(last).toBe('draining')
  })
})

test('after stopAfter no request is sent, and those in flight finish', async () => {
  const stalledMs = watchStalls()
  const { target, columns, result } = await run({ requests: 10_000, stopAfter: 0.1 }, { latencyMs: 30 })
  expect(columns.length).toBe(target.sent.length)
  expect(columns.length).toBeLessThan(10_000)
  expect([...columns.completed].every((completed) => completed === 1)).toBe(true)
  expect(Math.max(...target.sent.map(({ atNs }) => atNs)) - result.span![0]).toBeLessThan(150e6 + stalledMs() * 1e6)
  expect(result.partial).toBe(false)
  expect(result.notes).toEqual([`stopAfter ended the load at 0.1 s: ${columns.length} of 10,000 requests were sent.`])
})

test('a stopAfter that ended nothing is not told of', async () => {
  expect((await run({ requests: 8, stopAfter: 60 })).result.notes).toEqual([])
  expect((await run({ duration: 0.1, stopAfter: 0.05 }, { latencyMs: 5 })).result.notes).toEqual([
    'stopAfter ended the load at 0.05 s, before its duration of 0.1 s was over.',
  ])
})

test('a duration ends the load and cuts the ramp-up, which leaves no steady window', async () => {
  const { columns, result } = await run({ n: 2, rampUp: 20, duration: 0.1 }, { latencyMs: 5 })
  expect(new Set(columns.client)).toEqual(new Set([0]))
  expect(columns.length).toBeGreaterThan(1)
  expect(result.steadyNs).toBeUndefined()
  expect(result.notes).toEqual([expect.stringContaining('before 1 of 2 clients had started')])
})

describe('a server that refuses', () => {
  test.for(['connect', 'reset'] as const)('is not asked again at once where only time ends the load: %s', async (kind) => {
    const { columns } = await run({ n: 2, duration: 1 }, { fail: () => kind })
    // At 0, 100, 300 and 600 ms by each client.
    expect(columns.length).toBeLessThanOrEqual(8)
    expect(columns.length).toBeGreaterThan(2)
    for (let i = 2; i < columns.length; i++) expect(columns.sentNs[i]! - columns.sentNs[i - 2]!).toBeGreaterThanOrEqual(99e6)
  })

  test('is forgiven as soon as it answers', async () => {
    const { columns } = await run({ n: 1, duration: 1 }, { latencyMs: 5, fail: (i) => (i === 0 ? 'connect' : undefined) })
    expect(columns.length).toBeGreaterThan(10)
  })

  test('fails a number of requests without a pause', async () => {
    const { columns, result } = await run({ n: 1, requests: 50 }, { fail: () => 'connect' })
    expect(columns.length).toBe(50)
    // With pauses as above, each at least as long as the first one, it would be 5 s.
    expect(result.span![1] - result.span![0]).toBeLessThan(4.9e9)
  })

  test('with an answer of its own is asked on', async () => {
    const { columns } = await run({ n: 1, duration: 0.5 }, { fail: () => 'http' })
    expect(columns.length).toBeGreaterThan(10)
  })
})

test('a client thinks between an answer and its next request', async () => {
  const { columns } = await run({ n: 1, requests: 3, thinkTime: 0.05 }, { latencyMs: 5 })
  const pauses = [1, 2].map((i) => columns.sentNs[i]! - columns.lastTokenNs[i - 1]!)
  for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(49e6)
})

test('a shared queue sends a fixed set of requests', async () => {
  const first = await run({ order: 'shared', requests: 42 })
  const second = await run({ order: 'shared', requests: 42, n: 7 })
  expect(first.columns.promptIndex.toSorted()).toEqual(second.columns.promptIndex.toSorted())
})

describe('conversations', () => {
  const options = { n: 1, turns: 3, requests: 3, systemPrompt: 'Be brief.' } as const
  const conversation = { messages: [{ role: 'user' as const, content: 'a' }], userTurns: ['a', 'b', 'c'], outputTokens: [5, 6, 7] }

  test('the real answers are carried forward, after the system prompt', async () => {
    const { target } = await run(options, { text: (i) => `answer ${i}` }, datasetOf([conversation]))
    expect(target.sent.map(({ request }) => request.messages.map(({ role, content }) => `${role}: ${content}`))).toEqual([
      ['system: Be brief.', 'user: a'],
      ['system: Be brief.', 'user: a', 'assistant: answer 0', 'user: b'],
      ['system: Be brief.', 'user: a', 'assistant: answer 0', 'user: b', 'assistant: answer 1', 'user: c'],
    ])
    expect(target.sent.map(({ request }) => request.maxTokens)).toEqual([5, 6, 7])
  })

  test.for([
    ['Yes.', 'Yes.'],
    ['', 'Hm. '],
  ])('reasoning is no part of what is carried forward, unless there was nothing else: %j', async ([answer, carried]) => {
    const { target } = await run(options, { reasoning: 'Hm. ', text: () => answer! }, datasetOf([conversation]))
    expect(target.sent[1]!.request.messages[2]).toEqual({ role: 'assistant', content: carried })
  })

  test('rows with fewer user messages are followed by the next rows', async () => {
    const { target } = await run(options, { text: () => 'yes' }, numbered(5))
    const texts = target.sent.map(lastText)
    expect(new Set(texts).size).toBe(3)
    expect(target.sent[2]!.request.messages).toHaveLength(6)
  })

  test('a failed turn ends its conversation, and the quota is filled by another', async () => {
    const { target } = await run({ ...options, requests: 4 }, { fail: (i) => (i === 1 ? 'reset' : undefined) }, datasetOf([conversation]))
    expect(target.sent.map(lastText)).toEqual(['a', 'b', 'a', 'b'])
  })
})

test("the workload's system prompt comes before every prompt", async () => {
  const { target } = await run({ requests: 4, systemPrompt: 'Be brief.' })
  expect(target.sent.every(({ request }) => request.messages[0]!.content === 'Be brief.')).toBe(true)
})

test('failures are counted by kind with the first example, and the run goes on', async () => {
  const { requests, columns } = await run(
    { n: 1, requests: 9 },
    { fail: (i) => (i % 3 === 1 ? 'http' : i % 3 === 2 ? 'reset' : undefined) },
  )
  expect(requests.errors).toMatchObject([
    { kind: 'http', count: 3, example: 'request 1: http' },
    { kind: 'reset', count: 3, example: 'request 2: reset' },
  ])
  expect([...columns.completed]).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0])
  expect(columns.outputTokens[1]).toBe(-1)
})

test('a cancel ends the run at once, with what had ended', async () => {
  const cancel = new AbortController()
  const target = new MemoryTarget({ latencyMs: 20 })
  const driver = driverOf(specOf({ requests: 10_000, thinkTime: 0.01 }), numbered(10), target, cancel.signal)
  setTimeout(() => cancel.abort(), 150)
  const { log, facts } = await closedLoop(driver)
  expect(facts.cancelled).toBe(true)
  const columns = await log.finish()
  expect(columns.length).toBeGreaterThan(0)
  expect([...columns.completed].every((completed) => completed === 1)).toBe(true)
  expect(target.inFlight).toBe(0)
})

describe('forced lengths', () => {
  const rows = [{ messages: [{ role: 'user' as const, content: 'a' }], userTurns: ['a'], outputTokens: [9] }]

  test('are sent, and left without a note where the server keeps to them', async () => {
    const { target, requests } = await run({ requests: 4 }, {}, datasetOf(rows))
    expect(target.sent[0]!.request).toMatchObject({ maxTokens: 9, minTokens: 9, ignoreEos: true })
    expect(logNotes(requests)).toEqual([])
  })

  test('that the server did not keep to are told of', async () => {
    const { requests } = await run({ requests: 4 }, { finishReason: 'stop' }, datasetOf(rows))
    expect(logNotes(requests)).toEqual([expect.stringContaining('4 of 4 answers')])
  })
})

test('stream and sampling options reach the target', async () => {
  const { target } = await run({ requests: 4, stream: false, temperature: 0.5, topP: 0.8, topK: 3, doSample: true, maxTokens: 3 })
  expect(target.sent[0]!.request).toMatchObject({ stream: false, temperature: 0.5, topP: 0.8, topK: 3, doSample: true, maxTokens: 3, n: 1 })
})
