import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { nearest, numberWithin, oneOrMore, parseOptions, positiveSeconds, seconds, show, wholeNumber } from '../../../src/dsl/options.ts'
import { LlmBenchError } from '../../../src/errors.ts'

function problemOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(LlmBenchError)
    expect((error as LlmBenchError).code).toBe('INVALID_OPTION')
    return (error as Error).message
  }
  throw new Error('nothing was thrown')
}

test('a duration is seconds as a number, and carries its unit as a string', () => {
  expect([0, 1.5, '500ms', '1.5s', '2m', '2min', ' 1 h '].map((value) => parseOptions(seconds, value, 'call()'))).toEqual([
    0, 1.5, 0.5, 1.5, 120, 120, 3600,
  ])
})

test.for([-1, Number.NaN, Infinity, '5', '-1s', '1 week', '', null, true, []])('the duration %j is refused', (value) => {
  expect(problemOf(() => parseOptions(z.strictObject({ rampUp: seconds }), { rampUp: value }, 'call()'))).toMatch(
    /^call\(\): `rampUp` is .*: expected a number of seconds/,
  )
})

test('a duration of nothing is refused where something must last', () => {
  expect(problemOf(() => parseOptions(z.strictObject({ duration: positiveSeconds }), { duration: '0s' }, 'call()'))).toBe(
    'call(): `duration` is "0s": expected more than 0 seconds',
  )
})

test.for([0, -1.5, 1.5, Number.NaN, Infinity, 2 ** 60, '3', null, undefined, 1n])(
  '%s is no whole number from 1, and is told so once',
  (value) => {
    const message = problemOf(() => parseOptions(z.strictObject({ n: wholeNumber(1) }), { n: value }, 'call()'))
    expect(message).toMatch(/^call\(\): `n` is .*: expected a whole number from 1$/)
  },
)

test('a number outside its bounds is told the bounds', () => {
  expect(problemOf(() => parseOptions(z.strictObject({ topP: numberWithin(0, 1) }), { topP: 1.1 }, 'call()'))).toBe(
    'call(): `topP` is 1.1: expected a number from 0 to 1',
  )
})

test('one value or a list of values gives a list', () => {
  const schema = oneOrMore(wholeNumber(1))
  expect(parseOptions(schema, 4, 'call()')).toEqual([4])
  expect(parseOptions(schema, [4, 8], 'call()')).toEqual([4, 8])
})

test.for([0, [1, -1], Number.NaN, undefined])(
  'a bad value in place of one or more (%j) is told what is expected, not that input is invalid',
  (value) => {
    expect(problemOf(() => parseOptions(z.strictObject({ batch: oneOrMore(wholeNumber(1)) }), { batch: value }, 'call()'))).toMatch(
      /`batch(\.1)?` is .*: expected a whole number from 1$/,
    )
  },
)

test('an unknown option names the near one, or else those that there are', () => {
  const schema = z.strictObject({ requests: wholeNumber(1).optional(), n: wholeNumber(1).optional() })
  expect(problemOf(() => parseOptions(schema, { request: 1 }, 'call()'))).toBe('call() has no option `request`: did you mean `requests`?')
  expect(problemOf(() => parseOptions(schema, { x: 1 }, 'call()'))).toBe('call() has no option `x`: it takes: requests, n')
})

test('all bad options are reported together', () => {
  const schema = z.strictObject({ a: wholeNumber(1), b: wholeNumber(1) })
  expect(problemOf(() => parseOptions(schema, {}, 'call()'))).toBe(
    'call() has 2 bad options:\n  - call(): `a` is missing: expected a whole number from 1\n  - call(): `b` is missing: expected a whole number from 1',
  )
})

test('options that are no object are told so', () => {
  const schema = z.strictObject({})
  expect(problemOf(() => parseOptions(schema, undefined, 'call()'))).toBe(
    'call() was called without options: expected an object of options',
  )
  const needy = z.strictObject({ a: wholeNumber(1), b: seconds.default(1), c: z.string() })
  expect(problemOf(() => parseOptions(needy, undefined, 'call()'))).toBe('call() was called without options: it needs `a` and `c`')
  expect(problemOf(() => parseOptions(schema, 'x', 'call()'))).toBe('call() was given "x": expected an object of options')
})

test('a secret never stands in an error', () => {
  const schema = z.strictObject({ apiKeys: z.array(z.string()), url: wholeNumber(1) }).refine(() => false, { error: 'refused' })
  const messages = [
    problemOf(() => parseOptions(schema, { apiKeys: 'sk-secret', url: 'http://user:sk-secret@host/?key=sk-secret' }, 'call()')),
    problemOf(() => parseOptions(schema, { apiKeys: ['sk-secret'], url: 1 }, 'call()')),
    problemOf(() => parseOptions(schema, { apiKeys: [{ deep: 'sk-secret' }], url: 1 }, 'call()')),
  ]
  expect(messages.join('\n')).not.toContain('sk-secret')
  expect(messages[1]).toBe('call() was given {"apiKeys":["***"],"url":1}: refused')
})

test('a value that JSON cannot hold does not hide the problem', () => {
  const message = problemOf(() => parseOptions(z.strictObject({ target: z.string() }), { target: createServer() }, 'call()'))
  expect(message).toMatch(/^call\(\): `target` is .*: expected a text$/)
})

test('values are shown as they would be written, and cut', () => {
  const circular: { self?: unknown } = {}
  circular.self = circular
  expect([undefined, () => 1, 1n, Number.NaN, 'a', null, { a: 1 }, circular].map(show)).toEqual([
    'missing',
    'a function',
    '1n',
    'NaN',
    '"a"',
    'null',
    '{"a":1}',
    'an object that JSON cannot hold',
  ])
  expect(show('x'.repeat(200))).toHaveLength(80)
})

test('the nearest name is found by a slip of the fingers, and no other is guessed', () => {
  const known = ['n', 'ttft', 'outputTokensPerSecond']
  expect(['ttfp', 'TTFT', 'outputTokenPerSecond', 'x', 'N', 'throughput'].map((name) => nearest(name, known))).toEqual([
    'ttft',
    'ttft',
    'outputTokensPerSecond',
    undefined,
    'n',
    undefined,
  ])
})
