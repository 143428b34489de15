import { expect, test } from 'vitest'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { clients } from '../../../src/dsl/workloads.ts'
import { closedLoop, closedResult } from '../../../src/load/closed-loop.ts'
import { requestPart } from '../../../src/load/request-part.ts'
import { recordOf } from '../../../src/load/request-record.ts'
import { TokenCounter } from '../../../src/load/token-counter.ts'
import { driverOf, MemoryTarget, numbered, words } from './memory-target.ts'
import type { MemoryTargetOptions } from './memory-target.ts'

const record = async (options: MemoryTargetOptions, tokenizer = words, signal?: AbortSignal) => {
  const spec = clients({ n: 2, rampUp: 0, requests: 6, maxTokens: 4 })[WORKLOAD].spec
  const driver = {
    ...driverOf(spec, numbered(3), new MemoryTarget(options), signal),
    counter: new TokenCounter(() => Promise.resolve(tokenizer)),
  }
  const { log, facts } = await closedLoop(driver)
  const result = closedResult(spec, [facts], driver.dataset.rows.length, log.span)
  const requests = await requestPart(log, driver.counter, driver.progress)
  const targetNotes = driver.target.notes
  return recordOf(result, requests, { ...driver, bench: 'chat', model: 'm', targetNotes, streamed: true, openLoop: false })
}

test("the server's usage counts where there is any", async () => {
  const { tokens, columns, dataset } = await record({})
  expect(tokens).toEqual({ output: 'server', input: 'server' })
  expect([...columns.outputTokens]).toEqual(Array(6).fill(4))
  expect(dataset).toEqual({ name: 'test rows', rows: 3, digest: '0000000000000000', wrapped: true })
})

test('texts and prompts are counted where the server counts nothing', async () => {
  const { tokens, columns } = await record({ usage: false, text: () => 'three short words' })
  expect(tokens).toEqual({ output: 'tokenizer', input: 'tokenizer', tokenizer: 'words' })
  expect([...columns.outputTokens]).toEqual(Array(6).fill(3))
  expect([...columns.promptTokens]).toEqual(Array(6).fill(2))
})

test('a server that counts no token of what it sent does not count', async () => {
  const { tokens, columns } = await record({ usage: { promptTokens: 0, outputTokens: 0 }, text: () => 'three short words' })
  expect(tokens).toEqual({ output: 'tokenizer', input: 'tokenizer', tokenizer: 'words' })
  expect([...columns.outputTokens]).toEqual(Array(6).fill(3))
  expect([...columns.promptTokens]).toEqual(Array(6).fill(2))
})

test('a server that counts no token of the prompt has its answers counted alone', async () => {
  const { tokens, columns } = await record({ usage: { promptTokens: 0 }, text: () => 'three short words' })
  expect(tokens).toEqual({ output: 'server', input: 'tokenizer', tokenizer: 'words' })
  expect([...columns.outputTokens]).toEqual(Array(6).fill(4))
  expect([...columns.promptTokens]).toEqual(Array(6).fill(2))
})

test('the bundled tokenizer is told apart, and chunks are the last resort', async () => {
  const bundled = { ...words, name: 'o200k_base', source: 'bundled' as const }
  expect((await record({ usage: false, text: () => 'a b' }, bundled)).tokens).toEqual({
    output: 'bundled',
    input: 'bundled',
    tokenizer: 'o200k_base',
  })
  const { tokens, columns } = await record({ usage: false }, bundled)
  expect(tokens.output).toBe('chunks')
  expect([...columns.outputTokens]).toEqual(Array(6).fill(4))
})

test('a run of which every request failed is an error that shows the first cause, the kinds and their counts', async () => {
  await expect(record({ fail: (i) => (i < 2 ? 'connect' : 'http') })).rejects.toMatchObject({
    code: 'RUN_FAILED',
    message: 'chat: every one of 6 requests failed (2 × connect, 4 × http). The first: request 0: connect',
  })
})

test('a cancelled run is never that error', async () => {
  const cancel = new AbortController()
  cancel.abort()
  const { columns, partial } = await record({}, words, cancel.signal)
  expect(columns.length).toBe(0)
  expect(partial).toBe(true)
})

test('failed requests have no tokens and leave the token source alone', async () => {
  const { tokens, columns } = await record({ fail: (i) => (i === 1 ? 'reset' : undefined) })
  expect(tokens.output).toBe('server')
  expect([...columns.outputTokens].filter((count) => count === -1)).toHaveLength(1)
})

test('requests that were sent again are counted in a note, and what the target has to say stands by it', async () => {
  expect((await record({})).notes.join()).not.toContain('sent again')
  const notes = ['it closes connections']
  expect((await record({ resent: (i) => i % 2 === 0, notes })).notes.slice(-2)).toEqual([
    '3 requests were sent again: the server had closed the kept-alive connection without saying so.',
    ...notes,
  ])
  expect((await record({ resent: (i) => i === 0 })).notes).toContain(
    '1 request was sent again: the server had closed the kept-alive connection without saying so.',
  )
})
