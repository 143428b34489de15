import type { BenchmarkProvider, BenchRegistrationInput, BenchResult } from 'vitest'
import { specOf } from '../dsl/workload.ts'
import { runOrdinary } from './ordinary.ts'
import { runWorkload } from './run-workload.ts'

type Group = Parameters<BenchmarkProvider['run']>[0]

// Two runs at a time would measure each other: those started together queue. Ordinary ones do so behind workloads only, and
// workloads behind them; among themselves they are as without us.
let last: Promise<void> = Promise.resolve()
const ordinary = new Set<Promise<unknown>>()

/** Vitest's benchmark provider: workloads go to the load generator, ordinary functions to Tinybench as without us. */
const provider: BenchmarkProvider = {
  async run(group) {
    const specs = group.registrations.map((registration) => specOf(registration.fn))
    if (specs.every((spec) => spec === undefined)) return afterWorkloads(group)
    const before = [last, ...ordinary]
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    last = over
    // A run that is cancelled still has a partial report to write: the test is not over before that.
    group.test.context.onTestFinished(() => over)
    try {
      await Promise.allSettled(before)
      // Awaited, and by this alone: else the stack of an error would not lead back to the user's line.
      return await runMixed(group)
    } finally {
      end()
    }
  },
}

export default provider

async function afterWorkloads(group: Group): Promise<BenchResult[]> {
  const turn = last.then(() => runOrdinary(group))
  ordinary.add(turn)
  try {
    return await turn
  } finally {
    ordinary.delete(turn)
  }
}

async function runMixed(group: Group): Promise<BenchResult[]> {
  const results = new Map<BenchRegistrationInput, BenchResult>()
  const ordinary = group.registrations.filter((registration) => specOf(registration.fn) === undefined)
  if (ordinary.length > 0) {
    const measured = await runOrdinary({ ...group, registrations: ordinary })
    measured.forEach((result, i) => results.set(ordinary[i]!, result))
  }
  for (const registration of group.registrations) {
    const spec = specOf(registration.fn)
    if (spec !== undefined) results.set(registration, await runWorkload(group.test, registration.name, spec))
  }
  return group.registrations.map((registration) => results.get(registration)!)
}
