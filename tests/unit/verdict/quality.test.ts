import { expect, test } from 'vitest'
import { qualityFigures } from '../../../src/verdict/quality.ts'
import { distribution, requestMetrics } from '../reporters/fixtures.ts'

test('tells how long answers are, how they ended, and whether there were any', () => {
  const metrics = requestMetrics({
    requests: 1000,
    completed: 990,
    outputLength: { ...distribution(64, 900), mean: 60, std: 30 },
    finishReasons: { length: 660, stop: 330 },
    errors: [
      { kind: 'empty', count: 8, example: '' },
      { kind: 'http', count: 2, example: '' },
    ],
  })
  expect(qualityFigures(metrics)).toEqual({
    'outputLength.mean': { value: 60, standardError: 1 },
    'outputLength.p50': { value: 64 },
    'outputLength.p90': { value: 128 },
    emptyAnswers: { value: 0.008, of: 1000 },
    'finishReasons.length': { value: 2 / 3, of: 990 },
    'finishReasons.stop': { value: 1 / 3, of: 990 },
  })
})

test('an ending that no answer had is a share of none; without an answer there is no share', () => {
  expect(qualityFigures(requestMetrics({ finishReasons: {} }))).toMatchObject({ 'finishReasons.stop': { value: 0 } })
  expect(qualityFigures(requestMetrics({ completed: 0 }))).not.toHaveProperty(['finishReasons.stop'])
})
