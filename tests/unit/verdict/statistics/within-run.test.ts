import { expect, test } from 'vitest'
import { createRandom } from '../../../../src/datasets/sampling.ts'
import type { Random } from '../../../../src/datasets/sampling.ts'
import { ColumnBuilder } from '../../../../src/metrics/columns.ts'
import type { RequestColumns } from '../../../../src/metrics/columns.ts'
import { distribution, percentile } from '../../../../src/metrics/percentiles.ts'
import { relativeRateErrors } from '../../../../src/verdict/statistics/rate-errors.ts'
import { WithinRun } from '../../../../src/verdict/statistics/within-run.ts'

const MS = 1e6

/** TTFTs in ms that a queue would make: each like the one before. */
function queued(count: number, random: Random): number[] {
  let state = random.normal()
  return Array.from({ length: count }, () => {
    state = 0.5 * state + Math.sqrt(0.75) * random.normal()
    return 100 * Math.exp(0.2 * state)
  })
}

/** Requests sent 10 ms apart with the given TTFTs, and a gap of the same length; finished ones stand in reverse. */
function columnsOf(ttfts: readonly number[]): RequestColumns {
  const columns = new ColumnBuilder()
  for (const [i, ttft] of [...ttfts.entries()].toReversed()) {
    const sentNs = i * 10 * MS
    const firstTokenNs = sentNs + ttft * MS
    columns.append({
      promptIndex: i,
      scheduledNs: sentNs,
      sentNs,
      firstTokenNs,
      lastTokenNs: firstTokenNs + ttft * MS,
      outputTokens: 2,
      promptTokens: 8,
      chunks: 2,
      completed: true,
      gapsMs: [ttft],
    })
  }
  return columns.finish()
}

test('errors of mean, median and p95 are about those that other runs show, though requests are correlated', () => {
  const random = createRandom(11)
  const runs = Array.from({ length: 150 }, () => queued(1000, random))
  const known = runs.map((ttfts) => distribution(ttfts)!)
  const errors = runs.map((ttfts, i) => new WithinRun({ columns: columnsOf(ttfts) }).sampleOf('ttft', known[i]!).errors())
  for (const statistic of ['mean', 'median', 'p95'] as const) {
    const ratio = mean(errors.map((of) => of[statistic]!)) / deviation(known.map((of) => of[statistic]))
    expect(ratio).toBeGreaterThan(0.8)
    expect(ratio).toBeLessThan(1.25)
  }
})

test('agrees with the moving block bootstrap on a percentile', () => {
  const random = createRandom(12)
  const ratios = Array.from({ length: 10 }, () => {
    const ttfts = queued(1000, random)
    const error = new WithinRun({ columns: columnsOf(ttfts) }).sampleOf('ttft', distribution(ttfts)!).errors().p90!
    return error / bootstrapError(ttfts, 90, random)
  })
  expect(mean(ratios)).toBeGreaterThan(0.8)
  expect(mean(ratios)).toBeLessThan(1.25)
})

test('gaps of one request are in one block, so that they count as little as they say', () => {
  const random = createRandom(13)
  const ttfts = queued(1000, random)
  const within = new WithinRun({ columns: columnsOf(ttfts) })
  const [itl, ttft] = [within.sampleOf('itl', distribution(ttfts)!).errors(), within.sampleOf('ttft', distribution(ttfts)!).errors()]
  expect(itl.mean! / ttft.mean!).toBeCloseTo(1, 4)
  expect(itl.p90! / ttft.p90!).toBeCloseTo(1, 2)
})

test('says nothing of few requests, nor of extremes and spread', () => {
  const few = queued(30, createRandom(14))
  expect(new WithinRun({ columns: columnsOf(few) }).sampleOf('ttft', distribution(few)!).errors()).toEqual({})
  const many = queued(200, createRandom(14))
  const errors = new WithinRun({ columns: columnsOf(many) }).sampleOf('ttft', distribution(many)!).errors()
  expect(Object.keys(errors)).toEqual(expect.not.arrayContaining(['min', 'max', 'std']))
})

test('a rate that keeps its pace has next to no error, though answers end together', () => {
  const columns = new ColumnBuilder()
  for (let wave = 0; wave < 50; wave++) {
    for (let client = 0; client < 10; client++) {
      const [sentNs, lastTokenNs] = [wave * 1e9, (wave + 1) * 1e9]
      columns.append({
        promptIndex: 0,
        scheduledNs: sentNs,
        sentNs,
        firstTokenNs: sentNs,
        lastTokenNs,
        outputTokens: 100,
        promptTokens: 10,
        completed: true,
      })
    }
  }
  const errors = relativeRateErrors(columns.finish(), [0, 50e9])
  expect(errors.requestsPerSecond).toBeLessThan(1e-9)
  expect(errors.outputTokensPerSecond).toBeLessThan(1e-9)
})

test('a rate that wavers has an error, and one over no time has none that is known', () => {
  const columns = new ColumnBuilder()
  const random = createRandom(15)
  for (let sent = 0; sent < 1000; sent++) {
    const sentNs = sent * 1e8
    columns.append({
      promptIndex: 0,
      scheduledNs: sentNs,
      sentNs,
      firstTokenNs: sentNs,
      lastTokenNs: sentNs + 1e8,
      outputTokens: 1 + Math.floor(200 * random.next()),
      promptTokens: 0,
      completed: true,
    })
  }
  const finished = columns.finish()
  // Of n independent lengths between 0 and L, the error of the mean is L / √(12 n), relative to L / 2: 2 / √(12 × 1000).
  expect(relativeRateErrors(finished, [0, 1e11]).outputTokensPerSecond! / (2 / Math.sqrt(12_000))).toBeGreaterThan(0.6)
  expect(relativeRateErrors(finished, [0, 1e11]).outputTokensPerSecond! / (2 / Math.sqrt(12_000))).toBeLessThan(1.5)
  expect(relativeRateErrors(finished, [5, 5])).toEqual({})
})

/** H. R. Künsch, "The jackknife and the bootstrap for general stationary observations" (1989): overlapping blocks of 20. */
function bootstrapError(values: readonly number[], p: number, random: Random): number {
  const drawn = Array.from({ length: 200 }, () => {
    const resampled = Array.from({ length: values.length / 20 }, () => Math.floor(random.next() * (values.length - 19))).flatMap((from) =>
      values.slice(from, from + 20),
    )
    return percentile(Float64Array.from(resampled).toSorted(), p)
  })
  return deviation(drawn)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function deviation(values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}
