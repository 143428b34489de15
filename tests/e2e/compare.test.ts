// `vitest-llm-bench compare` over recorded runs, as a user runs it.
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { runsOf } from '../unit/verdict/samples.ts'
import type { RunSample } from '../../src/verdict/run-sample.ts'
import { runCommand } from './run-cli.ts'
import { project } from './run-vitest.ts'

const FIGURES = { outputTokensPerSecond: 1000, 'ttft.p50': 100, 'e2e.p50': 2000, successRate: 1 }
const BATCH = { bench: { file: 'static.bench.ts', test: 'static batch', name: 'prefill' } }
const BATCH_FIGURES = { 'prefillTokensPerSecond[batch 8, in 1024, out 1]': 40_000 }

let folder: string

/** A results folder, with a folder for each run. */
async function results(name: string, runs: readonly RunSample[]): Promise<void> {
  for (const [i, run] of runs.entries()) {
    const bench = join(folder, 'bench-results', name, `${run.bench.name}-${i + 1}`)
    await mkdir(bench, { recursive: true })
    await writeFile(join(bench, 'sample.json'), JSON.stringify(run))
  }
}

async function compare(...args: string[]) {
  return runCommand(['compare', ...args], folder).ended
}

beforeEach(async () => {
  folder = await project({})
  await results('2026-01-01T00-00-00Z', [...runsOf(FIGURES, 4), ...runsOf(BATCH_FIGURES, 4, BATCH)])
  await results('2026-01-02T00-00-00Z', [
    ...runsOf({ ...FIGURES, 'ttft.p50': 130, 'e2e.p50': 2030 }, 4),
    ...runsOf(BATCH_FIGURES, 4, BATCH),
  ])
  await symlink('2026-01-02T00-00-00Z', join(folder, 'bench-results/latest'))
})

test('says what regressed, what held, and by what', async () => {
  const { code, output } = await compare('bench-results/2026-01-01T00-00-00Z', 'latest')
  expect(output).toContain('old  bench-results/2026-01-01T00-00-00Z: 8 runs of 2026-01-31 09:30 UTC\nnew  latest: 8 runs')
  expect(output).toMatch(/^chat {2}chat\.bench\.ts > users {2}regressed$/m)
  expect(output).toMatch(/^ {2}ttft\.p50 +99\.95 ms +129\.9 ms +\+30% +\+\S+% to \+\S+% +\+10% +regressed$/m)
  expect(output).toMatch(/^ {2}e2e\.p50 .* pass$/m)
  expect(output).toMatch(/^prefill {2}static\.bench\.ts > static batch {2}held$/m)
  expect(output.trimEnd().split('\n').at(-1)).toBe('1 regressed · 1 held')
  expect(code).toBe(0)
})

describe('exit codes tell what was asked for', () => {
  const old = 'bench-results/2026-01-01T00-00-00Z'
  test.for([
    [[old, 'latest', '--fail-on', 'regressed'], 1],
    [[old, 'latest', '--fail-on', 'regressed', '--within', '50%'], 0],
    [[old, 'latest', '--fail-on', 'inconclusive', '--metric', 'e2e.p50=1.6%'], 1],
  ] as const)('%j', async ([args, expected]) => {
    const { code, output } = await compare(...args)
    expect([code, output]).toEqual([expected, expect.anything()])
  })
})

test('a JSON report has every number; --output keeps it off the terminal', async () => {
  const { stdout } = await compare('bench-results/2026-01-01T00-00-00Z', 'latest', '--format', 'json', '--bench', 'chat')
  const report = JSON.parse(stdout) as { holdings: { comparisons: object[] }[] }
  expect(report).toMatchObject({
    version: 1,
    reference: { name: 'bench-results/2026-01-01T00-00-00Z', runs: 4 },
    holdings: [{ bench: 'chat', file: 'chat.bench.ts', test: 'users', state: 'regressed', matcher: 'toHoldAgainst' }],
  })
  expect(report.holdings[0]!.comparisons).toContainEqual(
    expect.objectContaining({
      metric: 'ttft.p50',
      state: 'regressed',
      change: expect.closeTo(0.3) as number,
      interval: expect.anything() as unknown,
    }),
  )
  const silent = await compare('bench-results/2026-01-01T00-00-00Z', 'latest', '--format', 'md', '--output', 'out/report.md')
  expect(silent.output).toBe('')
  const markdown = await readFile(join(folder, 'out/report.md'), 'utf8')
  expect(markdown).toMatch(/^## ❌ Performance regressed\n\n\*\*Regressed:\*\* `ttft\.p50` of `chat` \(\+30%\)/)
})

test('several folders are the runs of one side, and one cohort is not compared with another', async () => {
  for (const [i, run] of runsOf(FIGURES, 3).entries()) await results(`one-${i}`, [run])
  const spread = await compare(
    'bench-results/one-*',
    'bench-results/one-0,bench-results/one-1,bench-results/one-2',
    '--fail-on',
    'inconclusive',
  )
  expect(spread.output).toMatch(/^1 held$/m)
  expect(spread.code).toBe(0)
  await results(
    'other-gpu',
    runsOf(FIGURES, 3, { cohort: { workload: 'w', target: 'openai', 'engine.version': '1', 'environment.gpu': 'H200' } }),
  )
  const other = await compare('bench-results/one-*', 'bench-results/other-gpu')
  expect(other.output).toContain('different cohorts and are not compared: environment.gpu unknown, now H200')
  expect(other.output).toContain('there was nothing to compare')
  expect(other.code).toBe(2)
  expect((await compare('bench-results/one-*', 'bench-results/other-gpu', '--across', 'environment.gpu')).code).toBe(0)
})

test('bad input is one clear line', async () => {
  const { code, output } = await compare('latest', 'gone')
  expect(output).toBe("gone can't be read: there is no such file or folder\n")
  expect(code).toBe(2)
})
