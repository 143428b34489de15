import { expect, test } from 'vitest'
import { renderHistories, sparkline } from '../../../reporters/terminal/history.ts'
import { createStyle } from '../../../reporters/terminal/style.ts'
import type { BenchHistory } from '../../../src/verdict/history.ts'

const HISTORY: BenchHistory = {
  bench: { file: 'chat.bench.ts', test: 'users', name: 'chat' },
  cohort: {
    'engine.name': 'vllm',
    'engine.version': '0.11.0',
    'environment.gpu': 'H100',
    model: 'Qwen',
    target: 'openai',
    'workload.n': '8',
  },
  digest: '0a1b2c3d',
  metrics: [
    { metric: 'ttft.p50', unit: 'ms', direction: 'max' },
    { metric: 'successRate', unit: '%', direction: 'min' },
  ],
  runs: [
    { startedAt: '2026-11-20T09:30:00.000Z', accepted: true, figures: { 'ttft.p50': 100, successRate: 1 } },
    { startedAt: '2026-11-21T09:30:00.000Z', accepted: true, figures: { 'ttft.p50': 104.25, successRate: 1 } },
    { startedAt: '2026-11-22T09:30:00.000Z', accepted: false, figures: { 'ttft.p50': 120.5, successRate: 0.99 } },
    { startedAt: '2026-11-22T09:40:00.000Z', accepted: false, unfit: 'degraded', figures: { successRate: 1 } },
  ],
}

test('a history tells its cohort, a plot for each metric, and every run', () => {
  expect(renderHistories([HISTORY], createStyle(false))).toBe(
    [
      'chat  chat.bench.ts > users',
      '  cohort 0a1b2c3d: model Qwen, engine.name vllm, engine.version 0.11.0, target openai, environment.gpu H100',
      '  metric       plot               range',
      '  ttft.p50     ▁▂█   100 ms to 120.5 ms',
      '  successRate  ██▁█         99% to 100%',
      '',
      '  run (UTC)                   ttft.p50  successRate',
      '  2026-11-20 09:30  accepted     100.0         100%',
      '  2026-11-21 09:30  accepted     104.3         100%',
      '  2026-11-22 09:30  measured     120.5          99%',
      '  2026-11-22 09:40  degraded         –         100%',
      '',
    ].join('\n'),
  )
})

test('of many measured runs the newest are shown, and the others are counted', () => {
  const measured = Array.from({ length: 25 }, (_, i) => ({
    startedAt: `2026-12-${String(i + 1).padStart(2, '0')}T00:00:00.000Z`,
    accepted: false,
    figures: {},
  }))
  const text = renderHistories([{ ...HISTORY, runs: [...HISTORY.runs.slice(0, 2), ...measured] }], createStyle(false))
  expect(text).toContain('5 earlier runs in the results not shown')
  expect(text).not.toContain('2026-12-05')
  expect(text).toContain('2026-12-06')
  expect(text).toContain('2026-11-20')
})

test('a plot goes from the smallest value to the largest; equal values stand in the middle, missing ones leave a gap', () => {
  expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8])).toBe('▁▂▃▄▅▆▇█')
  expect(sparkline([5, 5, undefined, 5])).toBe('▅▅ ▅')
  expect(sparkline([])).toBe('')
})

test('of a bench with several cohorts each tells what it differs in', () => {
  const other = { ...HISTORY, digest: '4e5f6a7b', cohort: { ...HISTORY.cohort, 'workload.n': '16' } }
  const text = renderHistories([HISTORY, other], createStyle(false))
  expect(text).toContain('environment.gpu H100, workload.n 8\n')
  expect(text).toContain('environment.gpu H100, workload.n 16\n')
})
