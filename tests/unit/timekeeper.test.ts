import { expect, test } from 'vitest'
import { startClock } from '../../src/metrics/clock.ts'
import { Timekeeper } from '../../src/timekeeper.ts'

/** By how much each of some appointments at odd times is kept late, in ms. */
async function lateness(exact: boolean): Promise<number[]> {
  const clock = startClock()
  const times = new Timekeeper(clock, { exact })
  const late: number[] = []
  for (let i = 0; i < 60; i++) {
    const dueNs = clock.now() + 3e6 + i * 17e3
    await new Promise<void>((done) => {
      times.add({
        dueNs,
        place: -1,
        due: (nowNs) => {
          late.push((nowNs - dueNs) / 1e6)
          done()
        },
      })
    })
  }
  return late.toSorted((a, b) => a - b)
}

test.each([true, false])('nothing is kept early (exact: %s)', async (exact) => {
  expect((await lateness(exact))[0]).toBeGreaterThanOrEqual(0)
})

test('who is to be exact does not wait for the next millisecond', async () => {
  // Whenever the machine lets it; by chance a coarse one comes as close once in fifty times.
  expect((await lateness(true))[12]).toBeLessThan(0.02)
})

test('what is made while others are kept comes in its order', async () => {
  const clock = startClock()
  const times = new Timekeeper(clock, { exact: true })
  const seen: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const startNs = clock.now()
  const add = (name: string, dueNs: number, due = (): void => {}): void =>
    times.add({
      dueNs,
      place: -1,
      due: () => {
        seen.push(name)
        due()
      },
    })
  add('second', startNs + 2e6, () => {
    add('third', startNs + 3e6)
    add('at once', startNs)
  })
  add('last', startNs + 30e6, resolve)
  add('first', startNs + 1e6)
  await promise
  expect(seen).toEqual(['first', 'second', 'at once', 'third', 'last'])
})

test('what is removed is not kept, and what comes after it is', async () => {
  const times = new Timekeeper(startClock())
  const seen: string[] = []
  const removed = { dueNs: 5e6, place: -1, due: () => void seen.push('removed') }
  times.add(removed)
  times.remove(removed)
  await new Promise<void>((done) => times.after(10, done))
  expect(seen).toEqual([])
})
