import { expect, test } from 'vitest'
import { logNotes, mergeLogFacts } from '../../../src/load/log-facts.ts'
import type { LogFacts } from '../../../src/load/log-facts.ts'
import { countNotes, mergeCountFacts } from '../../../src/load/token-counter.ts'

const none: LogFacts = { requests: 0, completed: 0, span: undefined, errors: [], cut: 0, resent: 0, forced: 0, offLength: 0 }

test('logs add up, and the first failure of a kind is the one that came first', () => {
  const a: LogFacts = {
    ...none,
    requests: 5,
    completed: 3,
    span: [10, 50],
    errors: [{ kind: 'http', count: 2, example: 'late', firstNs: 40 }],
    cut: 1,
    forced: 3,
  }
  const b: LogFacts = {
    ...none,
    requests: 4,
    completed: 1,
    span: [5, 45],
    errors: [
      { kind: 'reset', count: 1, example: 'reset', firstNs: 20 },
      { kind: 'http', count: 2, example: 'early', firstNs: 30 },
    ],
    cut: 2,
    forced: 1,
    offLength: 1,
  }
  const merged = mergeLogFacts([a, none, b])
  expect(merged).toEqual({
    requests: 9,
    completed: 4,
    span: [5, 50],
    errors: [
      { kind: 'reset', count: 1, example: 'reset', firstNs: 20 },
      { kind: 'http', count: 4, example: 'early', firstNs: 30 },
    ],
    cut: 3,
    resent: 0,
    forced: 4,
    offLength: 1,
  })
  expect(logNotes(merged)).toEqual([expect.stringContaining('3 requests were in flight'), expect.stringContaining('1 of 4 answers')])
  expect(mergeLogFacts([none, none]).span).toBeUndefined()
})

test('the worst source of token counts is the one that is told', () => {
  const server = { sources: { output: 'server', input: 'server' }, split: false } as const
  const counted = { sources: { output: 'server', input: 'tokenizer', tokenizer: 'words' }, split: true } as const
  expect(mergeCountFacts([server, counted])).toEqual(counted)
  expect(mergeCountFacts([server])).toEqual(server)
  expect([server, counted].map((facts) => countNotes(facts).length)).toEqual([0, 1])
})
