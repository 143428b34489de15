import { expect, test } from 'vitest'
import { standingClaims } from '../../../../src/verdict/statistics/holm.ts'

const plain = (claims: number): number => 0.05 / claims

test('claims stand from the surest on, each at the level that is left', () => {
  expect(standingClaims([0.01, 0.04, 0.03, 0.005], plain)).toEqual([true, false, false, true])
  expect(standingClaims([0.04, 0.02, 0.01], plain)).toEqual([true, true, true])
})

test('a claim that would stand alone falls where a surer one does not stand', () => {
  expect(standingClaims([0.03, 0.026], plain)).toEqual([false, false])
  expect(standingClaims([0.03], plain)).toEqual([true])
  expect(standingClaims([], plain)).toEqual([])
})
