import { expectTypeOf, test } from 'vitest'
import type { MetricName } from '../../src/metrics/metric-names.ts'
import type { SLO } from '../../src/verdict/slo.ts'

test('metrics stand nested and dotted', () => {
  expectTypeOf({ ttft: { p99: '<= 200ms' }, outputTokensPerSecond: { min: 2000 } }).toExtend<SLO>()
  expectTypeOf({ 'ttft.p99': '<= 200ms', 'steady.itl.p99.9': 5, 'steady.outputTokensPerSecond': 5 }).toExtend<SLO>()
  expectTypeOf({ steady: { ttft: { p90: 5 }, requestsPerSecond: 5 }, 'fromSchedule.e2e': { p50: 5 } }).toExtend<SLO>()
  expectTypeOf({ goodput: { ttft: '<= 200ms', tpot: 40, share: '>= 95%', rate: '>= 10 req/s' } }).toExtend<SLO>()
  expectTypeOf({ case: { batch: 8 }, prefillTokensPerSecond: '>= 1000', allowFewSamples: true }).toExtend<SLO>()
})

test('every metric has a key: its dotted name, or its own where it has no dot', () => {
  expectTypeOf<MetricName>().toExtend<keyof SLO>()
})

test('thresholds may be computed texts', () => {
  expectTypeOf<{ ttft: { p99: string }; successRate: string }>().toExtend<SLO>()
})

test('misspelt names and wrong values do not compile', () => {
  // @ts-expect-error a misspelt latency
  const latency: SLO = { tttf: { p99: 5 } }
  // @ts-expect-error a statistic that does not exist
  const statistic: SLO = { ttft: { p98: 5 } }
  // @ts-expect-error a misspelt dotted name
  const dotted: SLO = { 'ttft.p98': 5 }
  // @ts-expect-error a latency without a statistic
  const group: SLO = { ttft: '<= 200ms' }
  // @ts-expect-error a bound that does not exist
  const range: SLO = { outputTokensPerSecond: { within: '5%' } }
  // @ts-expect-error no threshold
  const flag: SLO = { successRate: true }
  expectTypeOf([latency, statistic, dotted, group, range, flag]).items.toEqualTypeOf<SLO>()
})
