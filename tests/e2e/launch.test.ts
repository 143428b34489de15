// Servers that a run launches: shared, logged, told of when they die, and gone with the run, however it ends.
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../patience.ts'
import { processesUsing } from './processes.ts'
import { latest, list, project, readLatest, readSummary, REPOSITORY, runBench, startBench } from './run-vitest.ts'
import type { Running } from './run-vitest.ts'

const STAND_IN = `${REPOSITORY}/tests/stand-ins/launched-server.ts`

/** A bench on the stand-in server with these words as its options. */
function suite(words: string, workload: string, options = ''): string {
  return `
    import { expect, test } from 'vitest'
    import { clients, launch, openai } from 'vitest-llm-bench'
    const target = launch({
      command: process.execPath,
      args: ['${STAND_IN}', 'port={port}', ...'${words}'.split(' ')],
      name: 'stand-in',
      stopTimeout: 2,
      ${options}
    })
    test('t', async ({ bench }) => {
      // Whatever else runs on this machine disturbs the client; what is asked for here are counts.
      const validity = { boundFactor: 1e9 }
      const run = await bench('chat', clients({ n: 2, rampUp: 0, maxTokens: 2, ${workload}, target, validity })).run()
      expect(run).toMeetSLO({ successRate: 1 })
    })
  `
}

test('bench files share it; its facts and its log are in the results, its secrets are not', async () => {
  const content = suite(
    'session',
    'requests: 4',
    `env: { HF_TOKEN: 'hf_12345' }, version: { url: 'http://127.0.0.1:{port}/version', path: 'engine.version' },`,
  )
  const folder = await project({ 'a.bench.ts': content, 'b.bench.ts': content })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(0)
  expect(await processesUsing(folder)).toEqual([])
  expect(await list(latest(folder, 'servers'))).toEqual(['stand-in.log'])
  // What goes to stdout and to stderr may change places.
  const log = (await readLatest(folder, 'servers/stand-in.log')).split('\n')
  expect(log).toContain('serving as nobody, with the token ***')
  expect(log.some((line) => line.includes('startup complete'))).toBe(true)
  const summary = await readLatest(folder, 'summary.json')
  expect(summary).not.toContain('hf_12345')
  const runs = (await readSummary(folder)).tests.flatMap((entry) => entry.runs)
  expect(runs).toHaveLength(2)
  for (const run of runs) {
    expect(run.target).toEqual({ kind: 'stand-in', model: 'stand-in', version: '1.2.3' })
    expect(run.workload).toMatchObject({ target: { kind: 'launch', args: [STAND_IN, 'port={port}', 'session'], env: { HF_TOKEN: '***' } } })
  }
})

test('one that never gets ready fails the test with the end of its log', async () => {
  const folder = await project({ 'a.bench.ts': suite('die=3 print=no-GPU', 'requests: 4') })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(1)
  expect(output).toMatch(/stand-in ended with exit code 3 before it was ready/)
  expect(output).toContain('no-GPU')
  expect(await readLatest(folder, 'servers/stand-in.log')).toContain('no-GPU')
  expect(await processesUsing(folder)).toEqual([])
})

test('one that dies under load ends the run, which says how', async () => {
  const folder = await project({ 'a.bench.ts': suite('die=9@tokens session', 'duration: 60') })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(1)
  expect(output).toMatch(
    /chat: stand-in ended with exit code 9 during the run;\s+the end of its output:[^]*CUDA error: an illegal memory access/,
  )
  const [run] = (await readSummary(folder)).tests[0]!.runs
  expect(run!.notes).toContain('stand-in ended with exit code 9 during the run.')
  expect(await processesUsing(folder)).toEqual([])
})

/** A run that is to be cut short, at a stage of its server. */
async function startAt(stage: 'starting' | 'running'): Promise<{ folder: string; run: Running }> {
  const words = `child session orphan${stage === 'starting' ? ' slow=never' : ''}`
  const folder = await project({ 'a.bench.ts': suite(words, 'duration: 60') })
  const run = startBench(folder)
  onTestFinished(() => void run.child.kill('SIGKILL'))
  await until(async () => (await family(folder)).length === 4)
  if (stage === 'running') await until(async () => (await readLatest(folder, 'servers/stand-in.log').catch(() => '')).includes('answered'))
  return { folder, run }
}

test.for([
  ['starting', 'SIGINT'],
  ['starting', 'SIGKILL'],
  ['running', 'SIGINT'],
  ['running', 'SIGTERM'],
  ['running', 'SIGKILL'],
] as const)('no process is left of a run that is ended while its server is %s, by %s', async ([stage, signal]) => {
  const { folder, run } = await startAt(stage)
  // Ctrl-C goes to every process of the terminal, and kill -9 -PGID to every one of the group.
  process.kill(signal === 'SIGTERM' ? run.child.pid! : -run.child.pid!, signal)
  const { output } = await run.finished
  if (signal !== 'SIGKILL') expect(output).toContain('Interrupted')
  await until(async () => (await processesUsing(folder)).length === 0)
})

test('no process is left where the test’s own process is killed', async () => {
  const { folder, run } = await startAt('running')
  const worker = (await processesUsing(folder, 'vitest/dist/workers/forks')).at(0)
  process.kill(worker!, 'SIGKILL')
  const { exitCode } = await run.finished
  expect(exitCode).toBe(1)
  expect(await processesUsing(folder)).toEqual([])
})

/** The server's processes. */
async function family(folder: string): Promise<number[]> {
  return [...(await processesUsing(folder, 'launched-server.ts')), ...(await processesUsing(folder, 'sleep'))]
}
