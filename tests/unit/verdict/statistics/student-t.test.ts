import { expect, test } from 'vitest'
import { normalCdf } from '../../../../src/verdict/statistics/normal.ts'
import { studentTCdf, studentTQuantile } from '../../../../src/verdict/statistics/student-t.ts'

// The usual table of critical values, as in NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
test.for([
  [0.9, 1, 3.078],
  [0.95, 1, 6.314],
  [0.999, 1, 318.313],
  [0.975, 2, 4.303],
  [0.99, 2, 6.965],
  [0.975, 4, 2.776],
  [0.995, 9, 3.25],
  [0.95, 18, 1.734],
  [0.9, 30, 1.31],
  [0.975, 100, 1.984],
] as const)('the t of chance %d and %d degrees of freedom is the table’s %d', ([chance, degrees, t]) => {
  expect(Math.abs(studentTQuantile(chance, degrees) - t)).toBeLessThan(t > 100 ? 0.005 : 0.0006)
  expect(studentTQuantile(1 - chance, degrees)).toBeCloseTo(-studentTQuantile(chance, degrees), 9)
})

test('quantile and chance are each other’s inverse, in far tails and between whole degrees of freedom', () => {
  for (const degrees of [1.5, 2, 7.31, 40, 1e6]) {
    for (const chance of [1e-9, 0.001, 0.2, 0.5, 0.7, 0.9999]) {
      expect(studentTCdf(studentTQuantile(chance, degrees), degrees) / chance).toBeCloseTo(1, 7)
    }
  }
})

test('refuses what is no chance', () => {
  for (const chance of [0, 1, -0.1, Number.NaN, Number.NEGATIVE_INFINITY]) expect(() => studentTQuantile(chance, 3)).toThrow(RangeError)
})

test('an infinite distance is certain', () => {
  expect([studentTCdf(Number.POSITIVE_INFINITY, 3), studentTCdf(Number.NEGATIVE_INFINITY, 3)]).toEqual([1, 0])
})

// Abramowitz and Stegun, tables 26.1 and 26.2.
test.for([
  [0, 0.5],
  [1, 0.841344746068543],
  [1.96, 0.97500210485178],
  [-3, 0.00134989803163009],
  [-8, 6.22096057427178e-16],
] as const)('the normal chance of at most %d is the table’s', ([x, chance]) => {
  expect(normalCdf(x) / chance).toBeCloseTo(1, 7)
})
