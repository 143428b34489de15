import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runCommandLine } from '../../../src/cli/run.ts'
import type { Baseline } from '../../../src/verdict/baseline.ts'
import type { RunSample } from '../../../src/verdict/run-sample.ts'
import { runsOf } from '../verdict/samples.ts'

const FIGURES = { outputTokensPerSecond: 1000, 'ttft.p50': 100, successRate: 1 }
const OTHER = { bench: { file: 'chat.bench.ts', test: 'users', name: 'other' } }

let folder: string

/** A results folder with a folder for each run, a minute apart. */
async function results(name: string, runs: readonly RunSample[]): Promise<void> {
  for (const [i, run] of runs.entries()) {
    const bench = join(folder, 'bench-results', name, `${run.bench.name}-${i + 1}`)
    await mkdir(bench, { recursive: true })
    const startedAt = `${name.slice(0, 10)}T00:${String(i).padStart(2, '0')}:00.000Z`
    await writeFile(join(bench, 'sample.json'), JSON.stringify({ ...run, startedAt }))
  }
}

/** Runs a command; `@` in its arguments stands for the results. */
async function command(...args: string[]): Promise<{ code: number; output: string; stdout: string }> {
  let [output, stdout] = ['', '']
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text)
    stdout += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    output += String(text)
    return true
  })
  try {
    const code = await runCommandLine([...args.map((arg) => arg.replace('@', `${folder}/bench-results/`)), '--root', folder])
    return { code, output, stdout }
  } finally {
    vi.restoreAllMocks()
  }
}

async function files(): Promise<string[]> {
  const home = join(folder, 'benchmarks/baselines')
  const names: string[] = await readdir(home).catch(() => [])
  return names.toSorted().map((name) => join(home, name))
}

async function baselines(): Promise<Baseline[]> {
  return Promise.all((await files()).map(async (path) => JSON.parse(await readFile(path, 'utf8')) as Baseline))
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baselines-'))
  await results('2026-01-01T00-00-00Z', [...runsOf(FIGURES, 4), ...runsOf(FIGURES, 1, OTHER)])
  await results('2026-01-02T00-00-00Z', [
    ...runsOf(FIGURES, 3),
    ...runsOf(FIGURES, 1, { validity: 'degraded', reasons: ['slow'] }),
    ...runsOf(FIGURES, 1, { partial: true }),
    ...runsOf(FIGURES, 1, { cohort: { target: 'openai', 'engine.version': '2' } }),
  ])
  await symlink('2026-01-02T00-00-00Z', join(folder, 'bench-results/latest'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

describe('accept', () => {
  test('takes whole, valid runs into the baselines of their cohorts, and drops the oldest beyond what is kept', async () => {
    const first = await command('accept', '@2026-01-01T00-00-00Z', '--bench', 'chat')
    expect(first.output).toMatch(
      /^chat: 4 runs accepted, 4 runs in the baseline \(\S+benchmarks\/baselines\/chat_users_chat_\S+\.json\)\n$/,
    )
    expect(first.code).toBe(0)
    const second = await command('accept', '--keep', '5')
    expect(second.output.split('\n')).toEqual([
      expect.stringMatching(
        /^chat: 3 runs accepted, left out: 1 degraded, 1 cut short, 2 of the oldest dropped, 5 runs in the baseline \(/,
      ),
      expect.stringMatching(/^chat: 1 run accepted, 1 run in the baseline \(/),
      '',
    ])
    const [one, two] = (await baselines()).toSorted((a, b) => b.runs.length - a.runs.length)
    expect(one!.runs.map(({ startedAt }) => startedAt.slice(0, 16))).toEqual([
      '2026-01-01T00:02',
      '2026-01-01T00:03',
      '2026-01-02T00:00',
      '2026-01-02T00:01',
      '2026-01-02T00:02',
    ])
    expect(two!.cohort).toEqual({ 'engine.version': '2', target: 'openai' })
  })

  test('takes no run twice, and says so', async () => {
    await command('accept')
    const before = await baselines()
    const { code, output } = await command('accept')
    expect(output).toContain('chat: 0 runs accepted, 3 accepted before, left out: 1 degraded, 1 cut short, 3 runs in the baseline')
    expect(output).toContain('there is no run in')
    expect(code).toBe(2)
    expect(await baselines()).toEqual(before)
  })
})

describe('history', () => {
  test('plots what was accepted and what was measured since, and marks them', async () => {
    await command('accept', '@2026-01-01T00-00-00Z')
    const { code, output } = await command('history', '--bench', 'chat')
    expect(code).toBe(0)
    expect(output).toMatch(/^chat {2}chat\.bench\.ts > users\n {2}cohort [\da-f]{8}: engine.version 1, target openai\n/)
    expect(output).toMatch(/^ {2}ttft\.p50 +[▁-█]{9} +\S+ ms to \S+ ms$/m)
    const states = [...output.matchAll(/^ {2}2026-01-0\d 00:0\d +(accepted|measured|degraded|cut short) /gm)].map(([, state]) => state)
    expect(states).toEqual([...Array<string>(4).fill('accepted'), ...Array<string>(3).fill('measured'), 'degraded', 'cut short'])
    expect(output).not.toContain('other')
  })

  test('as JSON, for the metrics that are named', async () => {
    await command('accept', '@2026-01-01T00-00-00Z')
    const { stdout } = await command('history', '--bench', 'chat', '--metric', 'successRate', '--json')
    const { version, benches } = JSON.parse(stdout) as { version: number; benches: { metrics: unknown; runs: unknown[] }[] }
    expect(version).toBe(1)
    expect(benches).toHaveLength(1)
    expect(benches[0]!.metrics).toEqual([{ metric: 'successRate', unit: '%', direction: 'min' }])
    expect(benches[0]!.runs[0]).toEqual({
      startedAt: '2026-01-01T00:00:00.000Z',
      accepted: true,
      figures: { successRate: expect.any(Number) },
    })
  })

  test('results that can not be read are told, and hide no others', async () => {
    await command('accept', '@2026-01-01T00-00-00Z')
    await mkdir(join(folder, 'bench-results/2026-01-03T00-00-00Z/x'), { recursive: true })
    await writeFile(join(folder, 'bench-results/2026-01-03T00-00-00Z/x/sample.json'), '{')
    const { code, output } = await command('history')
    expect([code, output]).toEqual([0, expect.stringMatching(/measured[^]*left out: \S+sample\.json can't be read/)])
  })
})

describe('reset', () => {
  test('names what it would remove, and removes it only when told to', async () => {
    await command('accept')
    await command('accept', '@2026-01-01T00-00-00Z', '--bench', 'other')
    const dry = await command('reset', '--cohort', 'engine.version=2')
    expect(dry.output).toMatch(
      /^would remove chat, cohort [\da-f]{8}: baseline of 2026-01-02, 1 run \(.*\)\n1 baseline; nothing was removed: add --yes\n$/,
    )
    expect(await baselines()).toHaveLength(3)
    const [, digest] = /cohort (\S+):/.exec(dry.output)!
    const done = await command('reset', '--cohort', digest!, '--yes')
    expect([done.code, done.output]).toEqual([0, expect.stringMatching(/^removed chat, cohort /)])
    expect((await baselines()).map(({ bench, cohort }) => [bench.name, cohort['engine.version']])).toEqual([
      ['chat', '1'],
      ['other', '1'],
    ])
  })
})

describe('bad input is one clear line and exit code 2', () => {
  const bad: [string[], string | RegExp][] = [
    [['history'], /there is no baseline in \S+benchmarks\/baselines: `vitest bench -u` writes them/],
    [['accept', '--bench', 'caht'], 'vitest-llm-bench accept: no bench is named "caht": did you mean "chat"?'],
    [['accept', '@missing'], "missing can't be read"],
    [['accept', '--keep', '0'], '`keep` is 0: expected a whole number from 1'],
    [['reset', '--yes'], 'there is no such baseline'],
    [['reset', '--cohrt', 'x'], 'has no option --cohrt: did you mean --cohort?'],
  ]
  test.for(bad)('%j', async ([args, message]) => {
    const { code, output } = await command(...args)
    expect(output).toMatch(message)
    expect(output.trimEnd().split('\n')).toHaveLength(1)
    expect(code).toBe(2)
  })

  test('a broken baseline names its file', async () => {
    await command('accept')
    await writeFile((await files())[0]!, '{}')
    for (const args of [['history'], ['accept', '@2026-01-01T00-00-00Z'], ['reset']]) {
      const { code, output } = await command(...args)
      expect([code, output]).toEqual([2, expect.stringMatching(/The baseline \S+ can't be read: `version` is missing/)])
    }
  })
})
