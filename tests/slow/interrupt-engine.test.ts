// Native code can't be broken off in the middle of a forward pass: whoever ends the run, and however, nothing crashes or stays behind.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { until } from '../patience.ts'
import { list, project, readSummary, startBench } from '../e2e/run-vitest.ts'
import type { Finished, Running } from '../e2e/run-vitest.ts'
import { processesUsing } from '../e2e/processes.ts'

const WORKLOADS = {
  offline: 'offline({ requests: 4000, maxTokens: 8 })',
  oneBatch: 'oneBatch({ batch: 8, inputLength: 256, outputLength: [1, 6000] })',
}
/** Leaves a file once the load worker tells that something is done: a request, or a case. */
const WATCH = `
  import { writeFileSync } from 'node:fs'
  import { join } from 'node:path'
  const { send } = process
  if (process.argv[1]?.includes('load/worker') && send !== undefined) {
    process.send = (message, ...rest) => {
      if (message.progress?.completed > 0) writeFileSync(join(import.meta.dirname, 'under-way'), '')
      return send.call(process, message, ...rest)
    }
  }
`

async function startLong(workload: keyof typeof WORKLOADS, pool: string): Promise<{ folder: string; run: Running }> {
  const suite = `
    import { test } from 'vitest'
    import { offline, oneBatch } from 'vitest-llm-bench'
    test('long', async ({ bench }) => { await bench('engine', ${WORKLOADS[workload]}).run() })
    test('never reached', async ({ bench }) => { await bench('after', ${WORKLOADS[workload]}).run() })
  `
  const folder = await project({ 'long.bench.ts': suite, 'watch.mjs': WATCH })
  const run = startBench(folder, ['--pool', pool], { NODE_OPTIONS: `--import=${pathToFileURL(join(folder, 'watch.mjs')).href}` })
  await until(async () => (await list(folder)).includes('under-way'))
  return { folder, run }
}

async function expectNothingLeft(folder: string): Promise<void> {
  await until(async () => (await processesUsing(folder)).length === 0)
  expect((await list(folder)).filter((name) => name.startsWith('core'))).toEqual([])
}

function expectNoCrash({ output, signal }: Finished): void {
  expect(signal, output).toBeNull()
  expect(output).not.toMatch(/SIGABRT|Napi::Error|terminate called/)
}

describe.for(['forks', 'threads'])('in %s', (pool) => {
  test.for(['offline', 'oneBatch'] as const)('Ctrl-C in the middle of %s gives partial reports', async (workload) => {
    const { folder, run } = await startLong(workload, pool)
    // As a terminal does it: to every process of the group.
    process.kill(-run.child.pid!, 'SIGINT')
    const finished = await run.finished
    expectNoCrash(finished)
    expect(finished.exitCode, finished.output).toBe(130)
    const { partial, tests } = await readSummary(folder)
    expect(partial).toBe(true)
    const [engine, ...others] = tests.flatMap(({ runs }) => runs)
    expect(others).toEqual([])
    expect(engine, finished.output).toMatchObject({ bench: 'engine', partial: true })
    if (engine!.metrics.kind === 'requests') expect(engine!.metrics.completed).toBeGreaterThan(0)
    else expect(engine!.cases).toMatchObject([{ outputLength: 1 }])
    await expectNothingLeft(folder)
  })
})

test('a second Ctrl-C ends the run at once, and the engine in mid-pass', async () => {
  const { folder, run } = await startLong('oneBatch', 'threads')
  run.child.kill('SIGINT')
  run.child.kill('SIGINT')
  const finished = await run.finished
  expectNoCrash(finished)
  expect(finished.exitCode).toBe(130)
  await expectNothingLeft(folder)
})

test('no engine outlives a run that is killed', async () => {
  const { folder, run } = await startLong('offline', 'threads')
  run.child.kill('SIGKILL')
  await run.finished
  await expectNothingLeft(folder)
})
