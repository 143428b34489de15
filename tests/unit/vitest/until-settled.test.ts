import { expect, test } from 'vitest'
import type { Clause } from '../../../src/verdict/clause.ts'
import { SAMPLE_VERSION } from '../../../src/verdict/run-sample.ts'
import type { RunSample } from '../../../src/verdict/run-sample.ts'
import { untilSettled } from '../../../src/vitest/until-settled.ts'
import type { ComparedSide } from '../../../src/vitest/until-settled.ts'

const clauses: Clause[] = [{ metric: 'ttft.p50', unit: 'ms', direction: 'max', within: 0.1 }]
const about = { bench: 'v2', attempt: 0, against: 'v1' }

/** A side whose runs come to these figures, one after another; three of them have been done. */
function side(name: string, figures: readonly number[], order: string[] = []): ComparedSide {
  let runs = 3
  return {
    samples: () => figures.slice(0, runs).map(sample),
    repeats: { min: 3, max: figures.length },
    again: async () => {
      runs++
      order.push(name)
    },
  }
}

function sample(value: number): RunSample {
  return {
    version: SAMPLE_VERSION,
    bench: { file: 'b.bench.ts', test: 't', name: 'b' },
    startedAt: '2026-03-01T12:00:00.000Z',
    cohort: {},
    partial: false,
    figures: { 'ttft.p50': { value } },
  }
}

const compare = (reference: ComparedSide, measured: ComparedSide, refuse = (): void => undefined): ReturnType<typeof untilSettled> =>
  untilSettled({ reference, measured }, clauses, {}, about, refuse)

test('what the first runs decide takes no more of them', async () => {
  const order: string[] = []
  const [held] = await compare(side('v1', [100, 101, 99, 100], order), side('v2', [100, 99, 101, 100], order))
  const [slower] = await compare(side('v1', [100, 101, 99, 100], order), side('v2', [150, 149, 151, 150], order))
  expect([held!.state, slower!.state]).toEqual(['pass', 'regressed'])
  expect(order).toEqual([])
})

test('while nothing is decided both sides are run again, the one first and then the other, up to their most', async () => {
  const order: string[] = []
  const wild = [60, 100, 170, 80, 140, 90]
  const [comparison] = await compare(side('v1', wild, order), side('v2', wild.toReversed(), order))
  expect(comparison).toMatchObject({ state: 'inconclusive', reference: { runs: 6 }, measured: { runs: 6 } })
  expect(order).toEqual(['v2', 'v1', 'v1', 'v2', 'v2', 'v1'])
})

test('runs of the past stay as they are', async () => {
  const order: string[] = []
  const past = [60, 100, 170, 80].map(sample)
  const baseline = { samples: () => past, repeats: { min: 4, max: 4 } }
  const [comparison] = await compare(baseline, side('v2', [170, 60, 90, 130, 80], order))
  expect(comparison).toMatchObject({ state: 'inconclusive', reference: { runs: 4 }, measured: { runs: 5 } })
  expect(order).toEqual(['v2', 'v2'])
})

test('a run that counts for nothing ends it', async () => {
  let looks = 0
  const refuse = (): void => {
    if (++looks === 2) throw new Error('client-bound')
  }
  await expect(compare(side('v1', [60, 100, 170, 80]), side('v2', [170, 60, 90, 130]), refuse)).rejects.toThrow('client-bound')
})
