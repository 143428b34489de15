import { describe, expect, test } from 'vitest'
import { answerLength } from '../../../src/load/lengths.ts'

describe("outputLength: 'dataset'", () => {
  test("forces the row's length", () => {
    expect(answerLength({ outputLength: 'dataset' }, 55)).toEqual({ maxTokens: 55, minTokens: 55, ignoreEos: true, forced: 55 })
  })

  test('is capped by maxTokens', () => {
    expect(answerLength({ outputLength: 'dataset', maxTokens: 32 }, 55)).toMatchObject({ maxTokens: 32, minTokens: 32, forced: 32 })
    expect(answerLength({ outputLength: 'dataset', maxTokens: 99 }, 55)).toMatchObject({ maxTokens: 55 })
  })

  test('forces nothing where the row has no length', () => {
    expect(answerLength({ outputLength: 'dataset' })).toEqual({ maxTokens: 128 })
    expect(answerLength({ outputLength: 'dataset', maxTokens: 32 })).toEqual({ maxTokens: 32 })
  })

  test("the workload's own ignoreEos and minTokens win", () => {
    expect(answerLength({ outputLength: 'dataset', ignoreEos: false, minTokens: 4 }, 55)).toEqual({
      maxTokens: 55,
      minTokens: 4,
      ignoreEos: false,
      forced: undefined,
    })
  })

  test('minTokens never exceeds what the row allows', () => {
    expect(answerLength({ outputLength: 'dataset', minTokens: 20 }, 5)).toMatchObject({ maxTokens: 5, minTokens: 5 })
  })
})

test("outputLength: 'free' forces nothing, whatever the row says", () => {
  expect(answerLength({ outputLength: 'free' }, 55)).toEqual({ maxTokens: 128 })
  expect(answerLength({ outputLength: 'free', maxTokens: 9, ignoreEos: true }, 55)).toEqual({ maxTokens: 9, ignoreEos: true })
})

test('a number is forced on every row, capped by maxTokens', () => {
  expect(answerLength({ outputLength: 77 }, 55)).toEqual({ maxTokens: 77, minTokens: 77, ignoreEos: true, forced: 77 })
  expect(answerLength({ outputLength: 77, maxTokens: 9 }, 55)).toEqual({ maxTokens: 9, minTokens: 9, ignoreEos: true, forced: 9 })
})

test.for([{}, { ignoreEos: true }, { outputLength: 'free' }] as const)(
  'minTokens above the usual longest answer raises it: %j',
  (options) => {
    expect(answerLength({ outputLength: 'dataset', minTokens: 200, ...options })).toMatchObject({ maxTokens: 200, minTokens: 200 })
    expect(answerLength({ outputLength: 'dataset', minTokens: 20, ...options })).toMatchObject({ maxTokens: 128, minTokens: 20 })
  },
)
