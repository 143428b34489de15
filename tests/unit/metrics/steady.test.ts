import { expect, test } from 'vitest'
import { steadyMetrics } from '../../../src/metrics/steady.ts'
import { recordOf, type Sketch } from './records.ts'

const WINDOW = [1000e6, 3000e6] as const

function steadyOf(sketches: readonly Sketch[], streamed = true, window: readonly [number, number] = WINDOW) {
  return steadyMetrics(recordOf(sketches).columns, window, streamed)
}

test('counts the requests that finish inside the window', () => {
  const steady = steadyOf([
    { sent: 0, first: 500, last: 900 },
    { sent: 0, first: 1500, last: 2000 },
    { sent: 2000, first: 2500, last: 3000 },
    { sent: 2900, first: 3100, last: 3500 },
  ])
  expect(steady).toMatchObject({ seconds: 2, completed: 2, requestsPerSecond: 1 })
})

test('counts tokens by their own times, whichever request they belong to', () => {
  const steady = steadyOf([
    // Tokens at 500, 900, 1300, 1700: two inside, and its prompt before.
    { sent: 0, first: 500, gapsMs: [400, 400, 400], promptTokens: 100 },
    // Tokens at 2600, 3000, 3400: two inside, and its prompt too.
    { sent: 2000, first: 2600, gapsMs: [400, 400], promptTokens: 7 },
    // Around the window as a whole: at 900 and 3100, none inside.
    { sent: 0, first: 900, gapsMs: [2200], promptTokens: 100 },
  ])
  expect(steady?.outputTokensPerSecond).toBe(2)
  expect(steady?.totalTokensPerSecond).toBe(5.5)
})

test('shares out the tokens of chunks that carry several', () => {
  // Chunks at 500 and 1500, 10 tokens in all; the second request makes the window count.
  const steady = steadyOf([
    { sent: 0, first: 500, gapsMs: [1000], outputTokens: 10 },
    { sent: 1000, first: 1200, outputTokens: 1 },
  ])
  expect(steady?.outputTokensPerSecond).toBe((5 + 1) / 2)
})

test('takes latencies of the requests that were sent and finished inside', () => {
  const steady = steadyOf([
    { sent: 900, first: 1500, gapsMs: [100] },
    { sent: 1000, first: 1200, gapsMs: [10, 20] },
    { sent: 2900, first: 2950, gapsMs: [100] },
  ])
  expect(steady?.ttft).toMatchObject({ count: 1, mean: 200 })
  expect(steady?.e2e).toMatchObject({ count: 1, mean: 230 })
  expect(steady?.itl).toMatchObject({ count: 2, requests: 1, mean: 15 })
})

test("tiles: neighbouring windows' tokens and requests add up to the whole", () => {
  const sketches = Array.from({ length: 60 }, (_, i): Sketch => ({
    sent: i * 50,
    first: i * 50 + 37,
    gapsMs: Array.from({ length: i % 9 }, () => 61),
    promptTokens: i,
  }))
  const windows = [0, 700, 1400, 2100, 2800, 10_000]
  let [requests, tokens, all] = [0, 0, 0]
  for (const [i, end] of windows.slice(1).entries()) {
    const steady = steadyOf(sketches, true, [windows[i]! * 1e6, end * 1e6])!
    requests += steady.completed
    tokens += steady.outputTokensPerSecond! * steady.seconds
    all += steady.totalTokensPerSecond! * steady.seconds
  }
  const output = sketches.reduce((sum, { gapsMs }) => sum + gapsMs!.length + 1, 0)
  expect(requests).toBe(60)
  expect(tokens).toBeCloseTo(output, 6)
  expect(all).toBeCloseTo(output + (59 * 60) / 2, 6)
})

test('counts tokens at the arrival of an answer that is not streamed', () => {
  const steady = steadyOf(
    [
      { sent: 0, first: 1500, outputTokens: 20 },
      { sent: 0, first: 500, outputTokens: 100 },
    ],
    false,
  )
  expect(steady).toMatchObject({ completed: 1, outputTokensPerSecond: 10, totalTokensPerSecond: 15 })
  expect(steady).not.toHaveProperty('ttft')
})

test('ignores failed requests', () => {
  const steady = steadyOf([
    { sent: 1000, first: 1100 },
    { sent: 1000, first: 1100, gapsMs: [5], completed: false },
  ])
  expect(steady).toMatchObject({ completed: 1, outputTokensPerSecond: 0.5 })
})

test('leaves token rates absent where a count is unknown', () => {
  const steady = steadyOf([{ sent: 1000, first: 1100, outputTokens: -1 }])
  expect(steady).toMatchObject({ completed: 1, requestsPerSecond: 0.5 })
  expect(steady).not.toHaveProperty('outputTokensPerSecond')
  expect(steady).not.toHaveProperty('totalTokensPerSecond')
})

test('is absent where the window is empty', () => {
  expect(steadyOf([{ sent: 0, first: 100 }])).toBeUndefined()
  expect(steadyOf([{ sent: 1000, first: 1100 }], true, [3000e6, 1000e6])).toBeUndefined()
  expect(steadyOf([{ sent: 1000, first: 1100 }], true, [1000e6, 1000e6])).toBeUndefined()
  expect(steadyOf([])).toBeUndefined()
})
