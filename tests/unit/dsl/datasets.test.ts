import { expect, test } from 'vitest'
import { gsm8k, jsonl, parquet, prompts, shareGPT, synthetic, text } from '../../../src/dsl/datasets.ts'
import { clients } from '../../../src/dsl/workloads.ts'
import { specOf } from '../../../src/dsl/workload.ts'

test('defaults are the usual ones of ShareGPT benchmarks', () => {
  expect(shareGPT('a.json')).toEqual({ kind: 'sharegpt', path: 'a.json', minTokens: 4, turns: 1, shuffle: true, seed: 0 })
  expect(parquet('a.parquet')).toEqual({ kind: 'parquet', path: 'a.parquet', column: 'prompt' })
  expect(synthetic({ inputTokens: 8, outputTokens: 4 })).toMatchObject({ spread: 0, rows: 1000, seed: 0 })
})

test('GSM8K is read by the ending of its file', () => {
  expect(gsm8k('train.parquet')).toEqual(parquet('train.parquet'))
  expect(gsm8k('test.JSONL')).toEqual(jsonl('test.JSONL', { field: 'question' }))
})

test.for([
  ['a.parquet', parquet('a.parquet')],
  ['a.jsonl', jsonl('a.jsonl')],
  ['a.json', shareGPT('a.json')],
  ['a.TXT', text('a.TXT')],
] as const)('the plain path %s picks its loader', ([path, spec]) => {
  expect(specOf(clients({ n: 1, dataset: path }))).toMatchObject({ dataset: spec })
})

test.for(['a.csv', '', 5, null, shareGPT, { kind: 'csv' }])('%j is no dataset', (dataset) => {
  expect(() => clients({ n: 1, dataset: dataset as never })).toThrow(/`dataset` is .*: expected a path that ends in \.parquet/)
})

test('bad options of a dataset are refused at the call', () => {
  expect(() => shareGPT('')).toThrow('shareGPT() was given "": expected a text that is not empty')
  expect(() => shareGPT('a.json', { turns: 0 })).toThrow('shareGPT(): `turns` is 0: expected a whole number from 1')
  expect(() => shareGPT('a.json', { turn: 2 } as never)).toThrow('did you mean `turns`?')
  expect(() => prompts([])).toThrow('expected at least one prompt')
  expect(() => prompts(['a', ''])).toThrow('prompts(): `1` is ""')
  expect(() => synthetic({ inputTokens: 8, outputTokens: 4, spread: 20 })).toThrow('`spread` is 20: expected a number from 0 to 1')
})
