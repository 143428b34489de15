import { describe, expect, test } from 'vitest'
import { LlmBenchError } from '../../../src/errors.ts'
import { METRICS } from '../../../src/metrics/metric-names.ts'
import { checkSLO } from '../../../src/verdict/slo.ts'

function namesIn(slo: unknown): string[] {
  return checkSLO(slo).flatMap(({ thresholds }) => thresholds.map(({ metric, threshold }) => `${metric.name} ${threshold.text}`))
}

function errorOf(slo: unknown): LlmBenchError {
  try {
    checkSLO(slo)
  } catch (error) {
    expect(error).toBeInstanceOf(LlmBenchError)
    return error as LlmBenchError
  }
  throw new Error('no error was thrown')
}

describe('names', () => {
  test('stand nested, dotted, or partly dotted', () => {
    expect(namesIn({ ttft: { p99: '<= 200ms' } })).toEqual(['ttft.p99 <= 200ms'])
    expect(namesIn({ 'ttft.p99': '<= 200ms' })).toEqual(['ttft.p99 <= 200ms'])
    expect(namesIn({ steady: { ttft: { 'p99.9': 5 } } })).toEqual(['steady.ttft.p99.9 <= 5ms'])
    expect(namesIn({ 'steady.ttft': { p99: 5 } })).toEqual(['steady.ttft.p99 <= 5ms'])
    expect(namesIn({ steady: { 'ttft.p99': 5 } })).toEqual(['steady.ttft.p99 <= 5ms'])
  })

  test('are all accepted dotted', () => {
    for (const { name, unit } of METRICS.values()) expect(namesIn({ [name]: unit === '%' ? 0.5 : 1 })).toHaveLength(1)
  })

  test('max and min below a distribution are its statistics', () => {
    expect(namesIn({ ttft: { max: '<= 200ms', min: 5 } })).toEqual(['ttft.max <= 200ms', 'ttft.min <= 5ms'])
  })

  test('a range gives two thresholds', () => {
    expect(namesIn({ ttft: { p50: { min: '5ms', max: '200ms' } } })).toEqual(['ttft.p50 >= 5ms', 'ttft.p50 <= 200ms'])
  })

  test.for([
    [{ tttf: { p99: 5 } }, 'UNKNOWN_METRIC', 'toMeetSLO() has no metric `tttf`: did you mean `ttft`?'],
    [{ 'ttft.p9': 5 }, 'UNKNOWN_METRIC', 'did you mean `ttft.p9'],
    [{ ttft: { p98: 5 } }, 'UNKNOWN_METRIC', '`ttft` has no metric `p98`: did you mean `p9'],
    [{ ttft: { quantile: 5 } }, 'UNKNOWN_METRIC', '`ttft` has no metric `quantile`: it takes: min, max, mean'],
    [{ outputTokenPerSecond: 5 }, 'UNKNOWN_METRIC', 'did you mean `outputTokensPerSecond`?'],
    [{ latency: 5 }, 'UNKNOWN_METRIC', 'goodput, case, allowFewSamples'],
    [{ alowFewSamples: true, ttft: { p50: 5 } }, 'UNKNOWN_METRIC', 'did you mean `allowFewSamples`?'],
    [{ steady: { successRate: 1 } }, 'UNKNOWN_METRIC', '`steady` has no metric `successRate`'],
    [{ steady: { goodput: 1 } }, 'UNKNOWN_METRIC', '`steady` has no metric `goodput`'],
    [{ toString: 5 }, 'UNKNOWN_METRIC', 'has no metric `toString`'],
    [
      { ttft: '<= 200ms' },
      'INVALID_THRESHOLD',
      '`ttft` is "<= 200ms", but has several figures: name the statistic, as in { \'ttft.p99\': … }',
    ],
    [{ steady: 5 }, 'INVALID_THRESHOLD', "name the metric, as in { 'steady.ttft': … }"],
    [{ ttft: { p99: 5 }, 'ttft.p99': 6 }, 'INVALID_THRESHOLD', 'toMeetSLO() names `ttft.p99` twice'],
    [{ ttft: { p99: undefined } }, 'INVALID_THRESHOLD', '`ttft.p99` is missing'],
    [{}, 'INVALID_THRESHOLD', 'names no threshold'],
    [{ allowFewSamples: true }, 'INVALID_THRESHOLD', 'names no threshold'],
    [{ ttft: {} }, 'INVALID_THRESHOLD', 'names no threshold'],
    [undefined, 'INVALID_THRESHOLD', 'toMeetSLO() got missing'],
    ['ttft', 'INVALID_THRESHOLD', 'expected thresholds, such as'],
    [[], 'INVALID_THRESHOLD', 'empty list'],
    [[{ 'ttft.p99': 5 }, { 'ttft.p99': 6 }], 'INVALID_THRESHOLD', 'names `ttft.p99` twice'],
    [{ ttft: { p50: 5 }, allowFewSamples: 'yes' }, 'INVALID_THRESHOLD', '`allowFewSamples` is "yes": expected true or false'],
  ] as const)('%j is refused', ([slo, code, message]) => {
    expect(errorOf(slo)).toMatchObject({ code, message: expect.stringContaining(message) })
  })
})

describe('goodput', () => {
  test('takes limits for each request, and a share, a rate or both', () => {
    const [part] = checkSLO({ goodput: { ttft: '<= 200ms', tpot: 40, share: '>= 95%', rate: 10 } })
    expect(part?.goodput?.limits.map(({ latency, threshold }) => `${latency} ${threshold.text}`)).toEqual(['ttft <= 200ms', 'tpot <= 40ms'])
    expect(part?.goodput?.share[0]?.text).toBe('>= 95%')
    expect(part?.goodput?.rate[0]?.text).toBe('>= 10 req/s')
  })

  test.for([
    [5, '`goodput` is 5: expected limits for each request'],
    [{ share: 0.9 }, 'no limit for each request'],
    [{ ttft: 200 }, "add share ('>= 95%') or rate ('>= 10 req/s')"],
    [{ ttft: '>= 200ms', share: 0.9 }, 'limits of goodput are upper ones'],
    [{ ttft: 200, share: 95 }, "write 0.95 or '95%'"],
    [{ ttft: '<= 5 tok/s', share: 0.9 }, '`goodput.ttft`'],
    [{ ttff: 200, share: 0.9 }, '`goodput` has no `ttff`: did you mean `ttft`?'],
    [{ latency: 200, share: 0.9 }, '`goodput` has no `latency`: it takes: ttft, ttfo, tpot, itl, e2e, share, rate'],
  ] as const)('%j is refused', ([goodput, message]) => {
    expect(errorOf({ goodput }).message).toContain(message)
  })
})

test.for([
  [{}, '`case` is {}: expected some of { batch, inputLength, outputLength }'],
  [8, '`case` is 8'],
  [{ batch: 0 }, '`case.batch` is 0: expected a whole number from 1'],
  [{ batch: '8' }, '`case.batch` is "8"'],
  [{ inputLenth: 8 }, '`case` has no `inputLenth`: did you mean `inputLength`?'],
] as const)('the case %j is refused', ([selector, message]) => {
  expect(errorOf({ case: selector, prefillLatency: 5 }).message).toContain(message)
})

test('an array holds SLOs of several cases', () => {
  const parts = checkSLO([
    { case: { batch: 4 }, prefillLatency: 5 },
    { case: { batch: 8 }, prefillLatency: { min: 1, max: 9 } },
  ])
  expect(parts.map((part) => part.case)).toEqual([{ batch: 4 }, { batch: 8 }])
})
