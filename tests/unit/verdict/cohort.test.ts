import { expect, test } from 'vitest'
import { differences } from '../../../src/verdict/cohort.ts'

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
