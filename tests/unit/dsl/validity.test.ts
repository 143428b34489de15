import { expect, test } from 'vitest'
import { parsePluginOptions } from '../../../src/dsl/plugin-options.ts'
import type { ValidityOptions } from '../../../src/dsl/validity.ts'
import { clients } from '../../../src/dsl/workloads.ts'
import { specOf } from '../../../src/dsl/workload.ts'
import { workloadDigest } from '../../../src/dsl/digest.ts'

test('limits carry their unit, or are ms and shares', () => {
  expect(parsePluginOptions({}).validity).toEqual({})
  expect(parsePluginOptions({ validity: { lag: '0.5s', lagShare: '10%', pause: 100, boundFactor: 3 } }).validity).toEqual({
    lag: 500,
    lagShare: 0.1,
    pause: 100,
    boundFactor: 3,
  })
})

test.for([
  [{ lag: '5' }, '`validity.lag` is "5": expected a number of milliseconds from 0'],
  [{ lag: -1 }, 'expected a number of milliseconds'],
  [{ lagShare: 5 }, 'expected a share from 0 to 1'],
  [{ boundFactor: 0.5 }, '`validity.boundFactor` is 0.5: expected a number from 1'],
  [{ cpu: 0.9 } as ValidityOptions, 'cpu'],
] as [ValidityOptions, string][])('%j is refused', ([validity, message]) => {
  expect(() => parsePluginOptions({ validity })).toThrow(message)
  expect(() => clients({ n: 1, validity })).toThrow('clients()')
})

const digest = (options: object) => workloadDigest(specOf(clients({ n: 1, ...options }))!)

test('neither limits of validity nor of failure change what load it is', () => {
  expect(digest({ validity: { lag: 9 }, abortOn: { consecutive: 3 } })).toBe(digest({}))
  expect(digest({ warmup: 5 })).not.toBe(digest({}))
})
