// A run that is cut short keeps what it measured, says so, and leaves no process behind.
import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { simulator } from '../../src/dsl/simulator.ts'
import { startSimulator } from '../../src/servers/simulator/start.ts'
import { until } from '../patience.ts'
import { TokenServer } from '../unit/load/token-server.ts'
import { processesUsing } from './processes.ts'
import { latest, list, project, readLatest, readSummary, REPOSITORY, runBench, startBench } from './run-vitest.ts'

const LONG = `
  import { expect, test } from 'vitest'
  import { clients } from 'vitest-llm-bench'
  test('long', async ({ bench }) => {
    await bench('chat', clients({ n: 4, rampUp: 0, duration: 60, maxTokens: 8 })).run()
  })
  test('never reached', async ({ bench }) => { await bench('after', clients({ n: 1 })).run() })
`

const ROLLOUT = `
  import { test } from 'vitest'
  import { rollout } from 'vitest-llm-bench'
  test('t', async ({ bench }) => { await bench('rl', rollout({ batch: 2, n: 4, maxTokens: 8, resume: true })).run() })
`

/** A server that says when the load is under way. */
async function startServer(): Promise<{ baseURL: string; answers: (count: number) => Promise<void> }> {
  const server = await startSimulator(simulator({ ttft: 5, itl: 2 }), { root: REPOSITORY })
  onTestFinished(() => server.close())
  const answers = (count: number): Promise<void> =>
    until(async () => {
      const metrics = await (await fetch(server.baseURL.replace(/v1$/, 'metrics'))).text()
      return Number(/^vllm:generation_tokens_total\S* (\S+)$/m.exec(metrics)![1]) >= count * 8
    })
  return { baseURL: server.baseURL, answers }
}

test.for(['SIGINT', 'SIGTERM'] as const)('%s in mid-run gives partial reports and a failing exit code', async (signal) => {
  const { baseURL, answers } = await startServer()
  const folder = await project({ 'long.bench.ts': LONG })
  const run = startBench(folder, [], { LLM_BENCH_BASE_URL: baseURL })
  await answers(20)
  // As a terminal does it for Ctrl-C: to every process of the group.
  process.kill(signal === 'SIGINT' ? -run.child.pid! : run.child.pid!, signal)
  const { exitCode, output } = await run.finished
  expect(exitCode, output).toBe(signal === 'SIGINT' ? 130 : 143)
  expect(output).toContain('partial reports')
  const summary = await readSummary(folder)
  expect(summary.partial).toBe(true)
  const chat = summary.tests.flatMap(({ runs }) => runs).find(({ bench }) => bench === 'chat')
  expect(chat, output).toMatchObject({ partial: true, metrics: { kind: 'requests' } })
  if (chat!.metrics.kind === 'requests') expect(chat!.metrics.completed).toBeGreaterThanOrEqual(10)
  expect(existsSync(`${folder}/${chat!.folder}/requests.parquet`)).toBe(true)
  expect(await readLatest(folder, 'junit.xml')).toContain('type="Interrupted"')
  await until(async () => (await processesUsing(folder)).length === 0)
})

test('Ctrl-C before the load begins still leaves reports that say so', async () => {
  const folder = await project({ 'long.bench.ts': LONG })
  const run = startBench(folder)
  await until(async () => (await list(latest(folder))).some((name) => name.includes('chat')))
  run.child.kill('SIGINT')
  const { exitCode, output } = await run.finished
  expect(exitCode, output).toBe(130)
  expect(output).toMatch(/Results {2}bench-results.* PARTIAL/)
  expect((await readSummary(folder)).partial).toBe(true)
  await until(async () => (await processesUsing(folder)).length === 0)
})

test('a second Ctrl-C ends the run at once', async () => {
  const folder = await project({ 'long.bench.ts': LONG })
  const run = startBench(folder)
  await run.says('RUN')
  await until(async () => (await list(latest(folder))).some((name) => name.includes('chat')))
  run.child.kill('SIGINT')
  await run.says('Interrupted')
  run.child.kill('SIGINT')
  const { exitCode } = await run.finished
  expect(exitCode).not.toBe(0)
  await until(async () => (await processesUsing(folder)).length === 0)
})

test('no process outlives a run that is killed', async () => {
  const folder = await project({ 'long.bench.ts': LONG })
  const run = startBench(folder)
  await run.says('RUN')
  await until(async () => (await list(latest(folder))).some((name) => name.includes('chat')))
  run.child.kill('SIGKILL')
  await run.finished
  await until(async () => (await processesUsing(folder)).length === 0)
})

test('a rollout that was interrupted is resumed to the same totals', async () => {
  // Sixteen prompts in batches of two, four answers each: three batches and a part of the fourth are answered, then nothing.
  const server = new TokenServer()
  await server.listen()
  onTestFinished(() => server.close())
  server.answers = 3 * 8 + 3
  const env = { LLM_BENCH_BASE_URL: server.url }
  const folder = await project({ 'rl.bench.ts': ROLLOUT })
  const run = startBench(folder, [], env)
  await until(() => Promise.resolve(server.bodies.length === 4 * 8))
  process.kill(-run.child.pid!, 'SIGINT')
  await run.finished
  const before = (await readSummary(folder)).tests[0]!.runs[0]!
  expect(before.partial).toBe(true)
  const rowsBefore = await rows(folder, before.folder)
  expect(rowsBefore).toHaveLength(3)

  server.answers = Infinity
  const { exitCode, output } = await runBench(folder, [], env)
  expect(exitCode, output).toBe(0)
  const after = (await readSummary(folder)).tests[0]!.runs[0]!
  const rowsAfter = await rows(folder, after.folder)
  // The finished batches are the very same rows.
  expect(rowsAfter).toHaveLength(8)
  expect(rowsAfter.slice(0, rowsBefore.length)).toEqual(rowsBefore)
  expect(after.metrics).toMatchObject({ requests: 64, completed: 64, outputTokens: 64 * 8 })
  expect(server.bodies).toHaveLength(4 * 8 + 5 * 8)
  const sum = rowsAfter.reduce((total, row) => total + Number(row.split(',')[4]), 0)
  expect(sum).toBe(64 * 8)
})

async function rows(folder: string, bench: string): Promise<string[]> {
  return (await readFile(`${folder}/${bench}/global_stats.csv`, 'utf8')).trim().split('\r\n').slice(1)
}
