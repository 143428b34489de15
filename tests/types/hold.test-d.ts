import { expectTypeOf, test } from 'vitest'
import type { MetricName } from '../../src/metrics/metric-names.ts'
import type { Hold } from '../../src/verdict/hold-types.ts'

test('metrics stand nested, dotted and bare', () => {
  expectTypeOf({ ttft: { p99: { within: '10%' } }, outputTokensPerSecond: '5%', successRate: 0.01 } as const).toExtend<Hold>()
  expectTypeOf({ 'ttft.p99': { within: '10%' }, 'steady.outputTokensPerSecond': '5%' } as const).toExtend<Hold>()
  expectTypeOf({ steady: { ttft: { p90: '5%' } }, prefillTokensPerSecond: '5%', case: { batch: 8 } } as const).toExtend<Hold>()
  expectTypeOf({ across: ['engine.version'], inconclusive: 'fail', falseAlarm: '1%' } as const).toExtend<Hold>()
})

test('every metric has a key: its dotted name, or its own where it has no dot', () => {
  expectTypeOf<MetricName>().toExtend<keyof Hold>()
})

test('misspelt names and wrong values do not compile', () => {
  // @ts-expect-error a misspelt latency
  const latency: Hold = { tttf: { p99: '5%' } }
  // @ts-expect-error a statistic that does not exist
  const dotted: Hold = { 'ttft.p98': '5%' }
  // @ts-expect-error a threshold, not a share
  const threshold: Hold = { 'ttft.p99': '<= 200ms' }
  // @ts-expect-error a clause that does not exist
  const clause: Hold = { outputTokensPerSecond: { max: '5%' } }
  // @ts-expect-error what inconclusive can't count as
  const inconclusive: Hold = { inconclusive: 'ignore' }
  expectTypeOf([latency, dotted, threshold, clause, inconclusive]).items.toEqualTypeOf<Hold>()
})
