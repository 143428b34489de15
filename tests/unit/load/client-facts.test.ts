import { expect, test } from 'vitest'
import { clientFacts, clientPart, openFileLimit, readTimes } from '../../../src/load/client-facts.ts'
import { ColumnBuilder } from '../../../src/metrics/columns.ts'

const columns = (() => {
  const builder = new ColumnBuilder()
  for (let i = 0; i < 101; i++) {
    builder.append({
      promptIndex: i,
      scheduledNs: i * 10e6,
      sentNs: i * 20e6,
      firstTokenNs: i * 20e6 + 5e6,
      lastTokenNs: i * 20e6 + 9e6,
      connectNs: i < 7 ? 1e5 : undefined,
      completed: i !== 50,
    })
  }
  return builder.finish()
})()

const metered = {
  seconds: 2,
  utilization: 0.5,
  cpuShare: undefined,
  gc: { count: 0, longestMs: 0, totalMs: 0 },
  // One stall, in which the first token of the last request came.
  stalls: Float64Array.of(1.9e9, 2.003e9, 2.01e9),
}
const load = { maxInFlight: 9, mostInFlight: 8, latenessNs: Float64Array.of(1e6, 3e6, 2e6) }

test('facts are those of the requests: rate, lag, connections', () => {
  const facts = clientFacts([clientPart(metered, readTimes(columns, true))], load, columns)
  expect(facts).toMatchObject({
    rate: { asked: 100, achieved: 50 },
    concurrency: { asked: 9, achieved: 8 },
    connections: 7,
    lateness: { p50: 2, max: 3 },
    lag: { p50: 0 },
    stalls: { count: 1, longestMs: 103, totalMs: 103 },
    workers: [{ utilization: 0.5 }],
  })
  expect(facts.lag!.max).toBeCloseTo(105)
  expect(facts.workers[0]).not.toHaveProperty('cpuShare')
  expect(facts.cores).toBeGreaterThanOrEqual(1)
})

test('each worker is held against its own pauses alone, and the samples are reduced together', () => {
  const readNs = readTimes(columns, true)
  const paused = clientPart({ ...metered, cpuShare: 0.9 }, readNs)
  const steady = clientPart(
    { ...metered, seconds: 3, utilization: 0.1, gc: { count: 2, longestMs: 4, totalMs: 6 }, stalls: new Float64Array(0) },
    readNs,
  )
  const facts = clientFacts([paused, steady], load, columns)
  expect(facts).toMatchObject({
    seconds: 3,
    workers: [{ cpuShare: 0.9, utilization: 0.5 }, { utilization: 0.1 }],
    gc: { count: 2, longestMs: 4, totalMs: 6 },
    stalls: { count: 1, longestMs: 103, totalMs: 103 },
  })
  expect(facts.lag!.max).toBeCloseTo(105)
  expect([...steady.lagMs].every((ms) => ms === 0)).toBe(true)
  expect(paused.lagMs.filter((ms) => ms > 0)).toHaveLength(steady.lagMs.length - readNs.filter((ns) => ns <= 1.9e9).length)
})

test('completed requests alone were read, whole answers where nothing streams', () => {
  expect(readTimes(columns, true)).toHaveLength(100)
  expect(readTimes(columns, true)[50]).toBe(51 * 20e6 + 5e6)
  expect(readTimes(columns, false)[0]).toBe(9e6)
})

test('the limit of open files is a number, or unknown', async () => {
  const limit = await openFileLimit()
  expect(limit === undefined || limit > 0).toBe(true)
})
