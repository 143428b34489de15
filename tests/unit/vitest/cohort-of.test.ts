import { expect, test } from 'vitest'
import { launch } from '../../../src/dsl/launch.ts'
import { openai } from '../../../src/dsl/targets.ts'
import { cohortOf } from '../../../src/vitest/cohort-of.ts'
import type { CohortFacts } from '../../../src/vitest/cohort-of.ts'
import { requestMetrics } from '../reporters/fixtures.ts'

function cohort(over: Partial<CohortFacts> = {}) {
  return cohortOf({
    plan: { workloadDigest: 'abc' },
    subject: { kind: 'target', target: openai({ baseURL: 'http://127.0.0.1:8000/v1' }) },
    target: { kind: 'openai', model: 'Qwen', version: 'vllm 0.11.0' },
    metrics: requestMetrics(),
    environment: {},
    ...over,
  })
}

test('a cohort names the load, the data, the model and the engine', () => {
  expect(cohort()).toEqual({
    workload: 'abc',
    dataset: '0123456789abcdef',
    target: 'openai',
    model: 'Qwen',
    'engine.name': 'vllm',
    'engine.version': '0.11.0',
  })
})

test('what the user tells of the environment is part of it', () => {
  expect(cohort({ environment: { gpu: 'H100' } })).toMatchObject({ 'environment.gpu': 'H100' })
})

test('the flags of a launched server are part of it, its secrets are not', () => {
  const target = launch({
    command: 'vllm',
    args: ['serve', '--api-key', 'sk-1', '--tensor-parallel-size', '2'],
    baseURL: 'http://127.0.0.1:8000/v1',
  })
  const flags = cohort({ subject: { kind: 'target', target } })['engine.flags']
  expect(flags).toContain('--tensor-parallel-size 2')
  expect(flags).not.toContain('sk-1')
})
