import { describe, expect, test } from 'vitest'
import { simulator } from '../../../../src/dsl/simulator.ts'
import type { SimulatorOptions } from '../../../../src/dsl/simulator.ts'
import { drawRequest } from '../../../../src/servers/simulator/draws.ts'

const draws = (options: SimulatorOptions, k: number, elapsedMs = 0) => drawRequest(simulator(options), k, elapsedMs)
const kinds = (options: SimulatorOptions, count: number, elapsedMs = 0) =>
  Array.from({ length: count }, (_, i) => draws(options, i + 1, elapsedMs).fault?.kind)

function statistics(values: readonly number[]): { mean: number; variation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, variation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) / mean }
}

const JITTERED = { ttft: 100, itl: 10, ttftJitter: 0.5, itlJitter: 0.3, outputTokens: 100, outputTokensSpread: 0.2 }
const all = (seed: number, k: number): unknown[] => {
  const drawn = draws({ ...JITTERED, seed }, k)
  return [drawn.ttftMs, drawn.outputTokens, drawn.gapMs(), drawn.gapMs()]
}

test('the k-th request of a seed draws the same, whatever came before; another draws something else', () => {
  expect(all(7, 3)).toEqual(all(7, 3))
  expect(all(7, 4)).not.toEqual(all(7, 3))
  expect(all(8, 3)).not.toEqual(all(7, 3))
})

test('without jitter times are exact, and the first request alone has the cold start', () => {
  expect([draws({ ttft: 50, coldStart: 400 }, 1).ttftMs, draws({ ttft: 50, coldStart: 400 }, 2).ttftMs]).toEqual([450, 50])
  expect([draws({ itl: 10 }, 1).gapMs(), draws({}, 1).gapMs()]).toEqual([10, 5])
})

test('jitter keeps the mean and has the coefficient of variation that was asked for', () => {
  const ttft = statistics(Array.from({ length: 20_000 }, (_, k) => draws(JITTERED, k + 1).ttftMs))
  expect(ttft.mean).toBeCloseTo(100, -0.5)
  expect(ttft.variation).toBeCloseTo(0.5, 1)
  const drawn = draws(JITTERED, 1)
  const gaps = statistics(Array.from({ length: 20_000 }, () => drawn.gapMs()))
  expect(gaps.mean).toBeCloseTo(10, 0)
  expect(gaps.variation).toBeCloseTo(0.3, 1)
})

test('output lengths are spread evenly over their range', () => {
  const lengths = Array.from({ length: 5000 }, (_, k) => draws(JITTERED, k + 1).outputTokens!)
  expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([80, 120])
  expect(statistics(lengths).mean).toBeCloseTo(100, 0)
})

describe('a fault', () => {
  test('of a share meets that share', () => {
    const met = kinds({ faults: { reset: '10%', stall: 0.05 } }, 10_000)
    expect(met.filter((kind) => kind === 'reset').length / 10_000).toBeCloseTo(0.1, 2)
    expect(met.filter((kind) => kind === 'stall').length / 10_000).toBeCloseTo(0.05, 2)
  })

  test('that is added changes nothing for those before it', () => {
    const alone = kinds({ faults: { http500: 0.1 } }, 500).map((kind) => kind === 'http500')
    expect(kinds({ faults: { http500: 0.1, truncate: 0.5 } }, 500).map((kind) => kind === 'http500')).toEqual(alone)
    expect(kinds({ errorRate: 0.1 }, 500).map((kind) => kind === 'http500')).toEqual(alone)
  })

  test('keeps to its schedule', () => {
    expect(kinds({ faults: { empty: { every: 3 } } }, 7)).toEqual([undefined, undefined, 'empty', undefined, undefined, 'empty', undefined])
    expect(kinds({ faults: { badJson: { requests: [1, 3] } } }, 3)).toEqual(['badJson', undefined, 'badJson'])
    const windowed = { faults: { http500: { from: '1s', until: '2s' } } } as const
    expect([0, 1000, 1999, 2000].map((ms) => kinds(windowed, 1, ms)[0])).toEqual([undefined, 'http500', 'http500', undefined])
  })
})
