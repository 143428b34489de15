import { expect, test } from 'vitest'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { clients, offline, rollout } from '../../../src/dsl/workloads.ts'
import { contextFor, neededByRows } from '../../../src/load/context-length.ts'
import { offlineCalls } from '../../../src/load/offline.ts'
import { numbered, words } from './memory-target.ts'

const TEMPLATE = 32
/** Words that a warm-up request begins with. */
const WARMUP = 2

test('the context is large enough for the largest request', () => {
  const requests = offlineCalls(offline({ requests: 5, maxTokens: 50 })[WORKLOAD].spec, numbered(5)).map(({ request }) => request)
  expect(contextFor(requests, words)).toBe(WARMUP + 2 + 50 + 2 * TEMPLATE)
  expect(contextFor(requests, { ...words, source: 'bundled' })).toBe('Warm-up 1000000. prompt 0'.length + 50 + 2 * TEMPLATE)
})

test('a system prompt is part of each request', () => {
  const { spec } = clients({ n: 1, maxTokens: 50, systemPrompt: 'be very kind' })[WORKLOAD]
  expect(contextFor(neededByRows(spec, numbered(5)), words)).toBe(WARMUP + 3 + 2 + 50 + 3 * TEMPLATE)
  expect(contextFor(neededByRows(rollout({ batch: 1, n: 1, maxTokens: 50 })[WORKLOAD].spec, numbered(5)), words)).toBe(
    WARMUP + 2 + 50 + 2 * TEMPLATE,
  )
})

test('a conversation needs room for all of its turns and their answers', () => {
  const { spec } = clients({ n: 1, maxTokens: 50, turns: 3 })[WORKLOAD]
  expect(contextFor(neededByRows(spec, numbered(5)), words)).toBe(WARMUP + 3 * (2 + 50) + 7 * TEMPLATE)
})
