import { describe, expect, test } from 'vitest'
import { LlmBenchError } from '../../../src/errors.ts'
import { holds, marginOf, parseThresholds, type ThresholdSubject } from '../../../src/verdict/threshold.ts'

const latency: ThresholdSubject = { name: 'ttft.p99', unit: 'ms', direction: 'max' }
const tokens: ThresholdSubject = { name: 'outputTokensPerSecond', unit: 'tok/s', direction: 'min' }
const requests: ThresholdSubject = { name: 'requestsPerSecond', unit: 'req/s', direction: 'min' }
const share: ThresholdSubject = { name: 'successRate', unit: '%', direction: 'min' }

function textOf(input: unknown, subject: ThresholdSubject): string {
  return parseThresholds(input, subject)
    .map(({ text }) => text)
    .join(' and ')
}

describe('what is accepted', () => {
  test.for([
    ['<= 200ms', '<= 200ms'],
    ['<=200 ms', '<= 200ms'],
    ['< 0.2s', '< 200ms'],
    ['<= 1.1s', '<= 1100ms'],
    ['<= 350us', '<= 0.35ms'],
    ['<= 350\u00b5s', '<= 0.35ms'],
    ['<= 350\u03bcs', '<= 0.35ms'],
    ['>= 200ms', '>= 200ms'],
    ['> 5ms', '> 5ms'],
    ['200ms', '<= 200ms'],
    [200, '<= 200ms'],
    [{ max: 200 }, '<= 200ms'],
    [{ max: '0.2s' }, '<= 200ms'],
    [{ min: '5ms', max: '0.2s' }, '>= 5ms and <= 200ms'],
  ] as const)('a latency: %j is %s', ([input, text]) => {
    expect(textOf(input, latency)).toBe(text)
  })

  test.for([
    [tokens, '>= 1500 tok/s', '>= 1500 tok/s'],
    [tokens, '>= 1500 tokens/s', '>= 1500 tok/s'],
    [tokens, '>= 1500', '>= 1500 tok/s'],
    [tokens, 1500, '>= 1500 tok/s'],
    [tokens, { min: 2000 }, '>= 2000 tok/s'],
    [tokens, '>= 1.5e3 tok/s', '>= 1500 tok/s'],
    [requests, '>= 10 req/s', '>= 10 req/s'],
    [requests, '> 10 requests/s', '> 10 req/s'],
    [requests, '>= 10rps', '>= 10 req/s'],
    [share, '>= 99%', '>= 99%'],
    [share, '>= 99.9 %', '>= 99.9%'],
    [share, '>= 0.99', '>= 99%'],
    [share, 0.99, '>= 99%'],
    [share, 1, '>= 100%'],
    [share, '< 100%', '< 100%'],
  ] as const)('%o takes %j as %s', ([subject, input, text]) => {
    expect(textOf(input, subject)).toBe(text)
  })

  test('limits are in the unit of the metric, shares as 0 to 1, free of binary noise', () => {
    expect(parseThresholds('<= 1.1s', latency)[0]).toMatchObject({ limit: 1100, direction: 'max', strict: false })
    expect(parseThresholds('>= 99.9%', share)[0]).toMatchObject({ limit: 0.999, direction: 'min' })
    expect(parseThresholds('> 10 rps', requests)[0]).toMatchObject({ limit: 10, strict: true })
  })
})

describe('what is refused, with the way out', () => {
  test.for([
    [latency, '<= 200 tok/s', "`ttft.p99` is '<= 200 tok/s': `tok/s` is no unit of a time; write ms, s, us, µs, as in '<= 200ms'"],
    [latency, '<= 200 mss', '`mss` is no unit of a time'],
    [latency, '<= 200', 'it lacks its unit: write 200ms or 200s'],
    [latency, '=< 200ms', "expected a threshold such as '<= 200ms', a number, { min } or { max }"],
    [latency, '== 200ms', 'expected a threshold such as'],
    [latency, '<= -5ms', 'expected a threshold such as'],
    [latency, '', 'expected a threshold such as'],
    [latency, 'fast', 'expected a threshold such as'],
    [latency, '<= 200 constructor', '`constructor` is no unit of a time'],
    [latency, -1, 'expected a finite number from 0'],
    [latency, Number.NaN, 'expected a finite number from 0'],
    [latency, Number.POSITIVE_INFINITY, 'expected a finite number from 0'],
    [latency, '<= 1e999ms', 'expected a finite number from 0'],
    [latency, undefined, '`ttft.p99` is missing'],
    [latency, null, '`ttft.p99` is null'],
    [latency, ['<= 200ms'], 'expected a threshold such as'],
    [latency, true, '`ttft.p99` is true'],
    [latency, {}, 'give it { min }, { max } or { min, max }'],
    [latency, { within: '5%' }, '`within` is no bound; it takes { min }, { max } or { min, max }'],
    [latency, { max: '<= 200ms' }, "`ttft.p99.max` is '<= 200ms': `min` and `max` say the direction already: leave <= out"],
    [latency, { max: null }, "`ttft.p99.max` is null: expected a number or an amount such as '200ms'"],
    [latency, { min: 300, max: 200 }, 'no figure is at least `min` and at most `max`'],
    [tokens, '>= 1500 req/s', "`req/s` is no unit of tokens per second; write tok/s, tokens/s, as in '>= 1500 tok/s'"],
    [requests, '>= 10 tok/s', 'no unit of requests per second'],
    [share, 99, "`successRate` is 99: a share lies between 0 and 1, or 0% and 100%: write 0.99 or '99%'"],
    [share, '>= 99', "write 0.99 or '99%'"],
    [share, '>= 150%', 'a share lies between 0 and 1'],
  ] as const)('%o refuses %j', ([subject, input, message]) => {
    let error: unknown
    try {
      parseThresholds(input, subject)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(LlmBenchError)
    expect(error).toMatchObject({ code: 'INVALID_THRESHOLD', message: expect.stringContaining(message) })
  })
})

test('the limit itself keeps <= and >=, and breaks < and >', () => {
  const kept = ['<= 200ms', '>= 200ms', '< 200ms', '> 200ms', '<= 199.999ms', '>= 199.999ms'].filter((text) =>
    holds(200, parseThresholds(text, latency)[0]!),
  )
  expect(kept).toEqual(['<= 200ms', '>= 200ms', '>= 199.999ms'])
})

test('what is not a number keeps nothing', () => {
  expect(holds(Number.NaN, parseThresholds('<= 200ms', latency)[0]!)).toBe(false)
  expect(holds(Number.NaN, parseThresholds('>= 200ms', latency)[0]!)).toBe(false)
})

test('a margin is a share of the limit, negative where it is broken', () => {
  expect(marginOf(150, parseThresholds('<= 200ms', latency)[0]!)).toBe(0.25)
  expect(marginOf(300, parseThresholds('<= 200ms', latency)[0]!)).toBe(-0.5)
  expect(marginOf(1200, parseThresholds('>= 1000 tok/s', tokens)[0]!)).toBe(0.2)
  expect(marginOf(5, parseThresholds('>= 0 tok/s', tokens)[0]!)).toBeUndefined()
})
