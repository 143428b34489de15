import { expect, test, vi } from 'vitest'
import { startClock } from '../../../src/metrics/clock.ts'

/** What the clock shows, and the moments before and after on hrtime, relative to an origin. */
function read(clock: ReturnType<typeof startClock>) {
  const before = process.hrtime.bigint()
  const now = clock.now()
  const after = process.hrtime.bigint()
  return { before: Number(before - clock.originNs), now, after: Number(after - clock.originNs) }
}

const SLACK_NS = 20_000

test('a clock shows nanoseconds of process.hrtime since its origin', () => {
  const { before, now, after } = read(startClock())
  expect(now).toBeGreaterThan(before - SLACK_NS)
  expect(now).toBeLessThan(after + SLACK_NS)
})

test('an origin may lie before, so that earlier times are positive', () => {
  const { before, now, after } = read(startClock(process.hrtime.bigint() - 3_600_000_000_000n))
  expect(before).toBeGreaterThanOrEqual(3.6e12)
  expect(now).toBeGreaterThan(before - SLACK_NS)
  expect(now).toBeLessThan(after + SLACK_NS)
})

test('times stay exact on a machine that has been up for longer than a double counts nanoseconds', () => {
  // As if the machine had started so long ago: 2⁵³ ns are 104 days.
  const uptime = 2n ** 53n * 16n
  const real = process.hrtime.bigint.bind(process.hrtime)
  const spy = vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => real() + uptime)
  try {
    const { before, now, after } = read(startClock())
    expect(now).toBeGreaterThan(before - SLACK_NS)
    expect(now).toBeLessThan(after + SLACK_NS)
    expect(after).toBeLessThan(1e9)
  } finally {
    spy.mockRestore()
  }
})
