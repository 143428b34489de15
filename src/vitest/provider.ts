import type { BenchmarkProvider, BenchRegistrationInput, BenchResult } from 'vitest'
import { specOf } from '../dsl/workload.ts'
import { runOrdinary } from './ordinary.ts'
import { runGroup } from './run-group.ts'
import { afterWorkloads, inTurn } from './turns.ts'

type Group = Parameters<BenchmarkProvider['run']>[0]

/** Vitest's benchmark provider: workloads go to the load generator, ordinary functions to Tinybench as without us. */
const provider: BenchmarkProvider = {
  async run(group) {
    const specs = group.registrations.map((registration) => specOf(registration.fn))
    if (specs.every((spec) => spec === undefined)) return afterWorkloads(() => runOrdinary(group))
    return inTurn(group.test, () => runMixed(group))
  },
}

export default provider

async function runMixed(group: Group): Promise<BenchResult[]> {
  const results = new Map<BenchRegistrationInput, BenchResult>()
  const ordinary = group.registrations.filter((registration) => specOf(registration.fn) === undefined)
  if (ordinary.length > 0) {
    const measured = await runOrdinary({ ...group, registrations: ordinary })
    measured.forEach((result, i) => results.set(ordinary[i]!, result))
  }
  const workloads = group.registrations.flatMap((registration) => {
    const spec = specOf(registration.fn)
    return spec === undefined ? [] : [{ registration, name: registration.name, spec }]
  })
  const measured = await runGroup(group.test, workloads)
  measured.forEach((result, i) => results.set(workloads[i]!.registration, result))
  return group.registrations.map((registration) => results.get(registration)!)
}
