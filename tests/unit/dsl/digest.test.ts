import { expect, test } from 'vitest'
import { canonicalJSON, digestOf, workloadDigest } from '../../../src/dsl/digest.ts'
import { llama } from '../../../src/dsl/engines.ts'
import { embedded, openai } from '../../../src/dsl/targets.ts'
import { specOf } from '../../../src/dsl/workload.ts'
import type { Workload } from '../../../src/dsl/workload.ts'
import { clients, oneBatch, rollout } from '../../../src/dsl/workloads.ts'

const digest = (workload: Workload): string => workloadDigest(specOf(workload)!)

test('the order of keys and keys of undefined make no difference', () => {
  expect(canonicalJSON({ b: 1, a: { d: undefined, c: [2, { f: 1, e: 2 }] } })).toBe('{"a":{"c":[2,{"e":2,"f":1}]},"b":1}')
  expect(digestOf({ a: 1, b: 2 })).toBe(digestOf({ b: 2, a: 1, c: undefined }))
  expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]))
})

test('a digest is 16 hex digits and the same in every release', () => {
  expect(digestOf({ a: 1 })).toBe('015abd7f5cc57a2d')
  expect(digestOf(undefined)).toMatch(/^[0-9a-f]{16}$/)
})

test('the same load has the same digest, whatever serves it', () => {
  const base = digest(rollout({ batch: 2, n: 2 }))
  expect(digest(rollout({ batch: 2, n: 2, target: embedded() }))).toBe(base)
  expect(digest(rollout({ batch: 2, n: 2, target: openai({ baseURL: 'http://a' }), resume: true, details: false }))).toBe(base)
  expect(digest(rollout({ batch: 2, n: 2, workers: 2 }))).toBe(base)
  expect(digest(rollout({ batch: 2, n: 2, repeats: { min: 3, max: 10 } }))).toBe(base)
  expect(digest(oneBatch({ batch: 1, engine: llama(), runName: 'a' }))).toBe(digest(oneBatch({ batch: 1 })))
})

test('another load has another digest', () => {
  expect(digest(clients({ n: 2 }))).not.toBe(digest(clients({ n: 3 })))
  expect(digest(clients({ n: 2, seed: 1 }))).not.toBe(digest(clients({ n: 2 })))
  expect(digest(clients({ n: 2, dataset: 'a.txt' }))).not.toBe(digest(clients({ n: 2 })))
})

test('a default written out is the same load', () => {
  expect(digest(clients({ n: 2, requests: 20, rampUp: 0.2, stream: true }))).toBe(digest(clients({ n: 2 })))
})
