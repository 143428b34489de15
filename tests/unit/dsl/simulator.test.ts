import { describe, expect, test } from 'vitest'
import { simulator } from '../../../src/dsl/simulator.ts'
import type { SimulatorOptions } from '../../../src/dsl/simulator.ts'
import { clients } from '../../../src/dsl/workloads.ts'
import { specOf } from '../../../src/dsl/workload.ts'

test('everything has a default', () => {
  expect(simulator()).toEqual({
    kind: 'simulator',
    model: 'simulator',
    ttft: 20,
    ttftJitter: 0,
    itlJitter: 0,
    prefillTimePerToken: 0,
    coldStart: 0,
    timeFactorUnderLoad: 1,
    tokensPerChunk: 1,
    outputTokensSpread: 0,
    kvCacheTokens: 524_288,
    errorRate: 0,
    faults: {},
    seed: 0,
    endpoint: 'chat',
  })
})

test('bare numbers are milliseconds, strings carry their unit, shares are of one or in percent', () => {
  const { ttft, itl, faults, errorRate } = simulator({
    ttft: '1.5s',
    itl: 7,
    errorRate: '5%',
    faults: { reset: 0.02, refuse: { from: '2s' } },
  })
  expect({ ttft, itl, errorRate }).toEqual({ ttft: 1500, itl: 7, errorRate: 0.05 })
  expect(faults).toEqual({ reset: { share: 0.02 }, refuse: { from: 2000 } })
  expect(simulator({ faults: { stall: { every: 3, duration: '1s' } } }).faults.stall).toEqual({ share: 1, every: 3, duration: 1000 })
})

test('it is a target of workloads, as plain data', () => {
  const target = simulator({ faults: { http429: { retryAfter: 2000 } } })
  const spec = specOf(clients({ n: 1, target }))!
  expect(JSON.parse(JSON.stringify(spec))).toMatchObject({ target: JSON.parse(JSON.stringify(target)) as object })
})

describe('refused', () => {
  const bad: [SimulatorOptions, string][] = [
    [{ ttft: -1 }, '`ttft` is -1: expected a number of milliseconds from 0'],
    [{ ttft: 'soon' }, '`ttft` is "soon": expected a number of milliseconds'],
    [{ ttftt: 1 } as SimulatorOptions, 'has no option `ttftt`: did you mean `ttft`?'],
    [{ stepMs: 5, itl: 5 }, 'expected one of `itl` and `stepMs`'],
    [{ stepMs: 0 }, 'expected more than 0 milliseconds'],
    [{ timeFactorUnderLoad: 2 }, 'expected a `maxNumSeqs` from 2 beside it'],
    [{ outputTokensSpread: 0.1 }, 'expected `outputTokens` beside it'],
    [{ errorRate: '200%' }, 'expected a share from 0 to 1, or a string such as "5%"'],
    [{ errorRate: 0.1, faults: { http500: 0.1 } }, 'expected one of `errorRate` and `faults.http500`'],
    [{ faults: { reset: 2 } }, '`faults.reset` is 2: expected a share'],
    [{ faults: { resett: 0.1 } } as SimulatorOptions, 'has no option `faults.resett`: did you mean `reset`?'],
    [{ faults: { stall: { evry: 2 } } } as SimulatorOptions, 'has no option `faults.stall.evry`: did you mean `every`?'],
    [{ faults: { refuse: { from: 5, until: 5 } } }, '`faults.refuse.until` is 5: expected more than `from`'],
  ]
  test.for(bad)('%j', ([options, message]) => {
    expect(() => simulator(options)).toThrow(message)
  })
})
