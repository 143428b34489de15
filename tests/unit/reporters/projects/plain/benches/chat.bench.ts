import { describe, expect, test } from 'vitest'
import { breach, run, verdict } from '../../../fixtures.ts'
import { leave } from '../record.ts'

const quick = { iterations: 3, time: 0, warmup: false }

describe('nightly', () => {
  test('keeps its SLO', async ({ bench, task }) => {
    await bench('chat', () => {}).run(quick)
    await leave(task, run(), [verdict()])
  })

  test('breaks it', async ({ bench, task }) => {
    await bench('chat', () => {}).run(quick)
    await leave(task, run(), [verdict(), breach()])
    throw Object.assign(new Error('\u001B[31mchat breaks 1 of 2 thresholds: ttft.p99 <= 100ms\u001B[39m'), { name: 'SLOBreachError' })
  })
})

test('passes on a retry', { retry: 1 }, async ({ bench, task }) => {
  const attempt = task.result?.retryCount ?? 0
  await bench('chat', () => {}).run(quick)
  await leave(task, run({ attempt }), [attempt === 0 ? breach() : verdict({ attempt })])
  expect(attempt).toBe(1)
})

test('can not be measured', () => {
  throw Object.assign(new Error('No request was answered'), { name: 'LlmBenchError', code: 'RUN_FAILED' })
})

test.skip('is left out', () => {})
