// A run that is cut short keeps what it measured, says so, and leaves no process behind.
import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { latest, list, project, readLatest, readSummary, runBench, startBench } from './run-vitest.ts'
import { processesUsing } from './processes.ts'

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
  test('t', async ({ bench }) => { await bench('rl', rollout({ batch: 2, n: 4, maxTokens: 128, resume: true })).run() })
`

/** Waits until a file exists. */
async function appears(path: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (existsSync(path)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${path} did not appear`)
}

test.for(['SIGINT', 'SIGTERM'] as const)('%s in mid-run gives partial reports and a failing exit code', async (signal) => {
  const folder = await project({ 'long.bench.ts': LONG })
  const run = startBench(folder)
  await appears(latest(folder))
  await run.says('RUN')
  await until(async () => (await processesUsing(folder)).length >= 0 && (await list(latest(folder))).some((name) => name.includes('chat')))
  await new Promise((resolve) => setTimeout(resolve, 3000))
  // As a terminal does it for Ctrl-C: to every process of the group.
  process.kill(signal === 'SIGINT' ? -run.child.pid! : run.child.pid!, signal)
  const { exitCode, output } = await run.finished
  expect(exitCode, output).not.toBe(0)
  expect(output).toContain('partial reports')
  const summary = await readSummary(folder)
  expect(summary.partial).toBe(true)
  const chat = summary.tests.flatMap(({ runs }) => runs).find(({ bench }) => bench === 'chat')
  expect(chat, output).toMatchObject({ partial: true })
  expect(chat!.metrics).toMatchObject({ kind: 'requests' })
  expect(existsSync(`${folder}/${chat!.folder}/requests.parquet`)).toBe(true)
  expect(await readLatest(folder, 'junit.xml')).toContain('type="Interrupted"')
  await until(async () => (await processesUsing(folder)).length === 0)
})

test('a second Ctrl-C ends the run at once', async () => {
  const folder = await project({ 'long.bench.ts': LONG })
  const run = startBench(folder)
  await run.says('RUN')
  await until(async () => (await list(latest(folder))).some((name) => name.includes('chat')))
  process.kill(run.child.pid!, 'SIGINT')
  await run.says('Interrupted')
  process.kill(run.child.pid!, 'SIGINT')
  const { exitCode } = await run.finished
  expect(exitCode).not.toBe(0)
  await until(async () => (await processesUsing(folder)).length === 0)
})

test('no process outlives a run that is killed', async () => {
  const folder = await project({ 'long.bench.ts': LONG })
  const run = startBench(folder)
  await run.says('RUN')
  await until(async () => (await list(latest(folder))).some((name) => name.includes('chat')))
  process.kill(run.child.pid!, 'SIGKILL')
  await run.finished
  await until(async () => (await processesUsing(folder)).length === 0)
})

test('a rollout that was interrupted is resumed to the same totals', async () => {
  const folder = await project({ 'rl.bench.ts': ROLLOUT })
  const run = startBench(folder)
  await until(async () => {
    const bench = (await list(latest(folder))).find((name) => name.includes('rl'))
    return bench !== undefined && (await readFile(latest(folder, bench, 'global_stats.csv'), 'utf8').catch(() => '')).split('\n').length > 4
  })
  process.kill(-run.child.pid!, 'SIGINT')
  await run.finished
  const before = (await readSummary(folder)).tests[0]!.runs[0]!
  expect(before.partial).toBe(true)
  const rowsBefore = await rows(folder, before.folder)
  expect(rowsBefore.length).toBeLessThan(8)

  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(0)
  const after = (await readSummary(folder)).tests[0]!.runs[0]!
  const rowsAfter = await rows(folder, after.folder)
  // Sixteen prompts in batches of two; the finished batches are the very same rows.
  expect(rowsAfter).toHaveLength(8)
  expect(rowsAfter.slice(0, rowsBefore.length)).toEqual(rowsBefore)
  expect(after.metrics).toMatchObject({ requests: 64, completed: 64, outputTokens: 64 * 128 })
  const sum = rowsAfter.reduce((total, row) => total + Number(row.split(',')[4]), 0)
  expect(sum).toBe(64 * 128)
})

async function rows(folder: string, bench: string): Promise<string[]> {
  return (await readFile(`${folder}/${bench}/global_stats.csv`, 'utf8')).trim().split('\r\n').slice(1)
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 40_000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('what was waited for did not come about')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
