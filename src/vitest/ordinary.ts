import { Bench } from 'tinybench'
import type { BenchmarkProvider, BenchResult } from 'vitest'

type Group = Parameters<BenchmarkProvider['run']>[0]

let groups = 0

/** Runs ordinary functions as Vitest's built-in provider does. */
export async function runOrdinary({ test, config, options, registrations }: Group): Promise<BenchResult[]> {
  const bench = new Bench({
    signal: test.context.signal,
    name: `${test.fullTestName} ${++groups}`,
    retainSamples: config.retainSamples,
    ...options,
    now: performance.now.bind(performance),
  })
  for (const { name, fn, fnOpts } of registrations) bench.add(name, fn, fnOpts)
  await bench.run()
  const errors = bench.tasks.flatMap(({ result }) => (result.state === 'errored' ? [result.error] : []))
  if (errors.length === 1) throw errors[0]!
  if (errors.length > 1) throw new AggregateError(errors, 'Some benchmarks failed')
  return bench.tasks.map(({ name, result }) => {
    if (result.state !== 'completed') throw new Error(`task "${name}" did not complete: received "${result.state}"`)
    return { ...result, name }
  })
}
