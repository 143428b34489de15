import { expect, test } from 'vitest'
import { differences, differenceText, isAxisOf } from '../../../src/verdict/cohort.ts'

test('differences name each axis with both sides, in the order of the axes', () => {
  const before = { workload: 'a', 'engine.version': '1.0', 'environment.gpu': 'H100' }
  const now = { workload: 'b', 'engine.version': '1.0', 'environment.gpu': 'H200' }
  expect(differences(before, now)).toEqual([
    { axis: 'environment.gpu', reference: 'H100', measured: 'H200' },
    { axis: 'workload', reference: 'a', measured: 'b' },
  ])
})

test('an axis that only one side knows is a difference, one that neither knows is none', () => {
  expect(differences({ a: '1' }, {})).toEqual([{ axis: 'a', reference: '1' }])
  expect(differences({}, { a: '1' })).toEqual([{ axis: 'a', measured: '1' }])
  expect(differences({}, {})).toEqual([])
})

test('an axis is named by its own name or by that of a group', () => {
  expect(isAxisOf('engine.version', ['engine.version'])).toBe(true)
  expect(isAxisOf('engine.version', ['model', 'engine'])).toBe(true)
  expect(isAxisOf('engines', ['engine'])).toBe(false)
  expect(isAxisOf('engine', ['engine.version'])).toBe(false)
})

test('a difference says both sides, or that one is unknown', () => {
  expect(differenceText({ axis: 'engine.version', reference: '0.6.1', measured: '0.7.0' })).toBe('engine.version 0.6.1, now 0.7.0')
  expect(differenceText({ axis: 'tokenizer', measured: 'qwen' })).toBe('tokenizer unknown, now qwen')
})
