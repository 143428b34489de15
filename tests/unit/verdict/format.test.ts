import { expect, test } from 'vitest'
import { formatMargin, formatValue, verdictText } from '../../../src/verdict/format.ts'

test.for([
  [0.125, '+12.5%'],
  [-0.562, '−56.2%'],
  [-5.12, '−512%'],
  [10, '+1,000%'],
  [-0.000002, '−0.0002%'],
  [-35, '×36 of the limit'],
  [-1233.7, '×1,230 of the limit'],
  [24.44, '×25.4 of the limit'],
] as const)('the margin %s reads %s', ([margin, text]) => {
  expect(formatMargin(margin)).toBe(text)
})

test('figures have thousands separated, and about four digits', () => {
  expect([1224.1, 200, 0.42, 3.14159].map((value) => formatValue(value, 'ms'))).toEqual(['1,224 ms', '200 ms', '0.420 ms', '3.14 ms'])
  expect(formatValue(0.97, '%')).toBe('97%')
})

test('a verdict far beyond its limit has a factor in the place of its margin', () => {
  const verdict = { threshold: 'ttft.p50 <= 1ms', state: 'fail', limit: 1, unit: 'ms', measured: 36, margin: -35 } as const
  expect(verdictText(verdict)).toBe('ttft.p50 <= 1ms: measured 36 ms, limit 1 ms, ×36 of the limit')
})

test('what lies exactly at a limit breaks it only where it does', () => {
  const verdict = { threshold: 'ttft.p50 < 1ms', state: 'fail', limit: 1, unit: 'ms', measured: 1, margin: 0 } as const
  expect(verdictText(verdict)).toContain('exactly at it, which breaks it')
  expect(verdictText({ ...verdict, negated: true })).toMatch(/exactly at it$/)
})
