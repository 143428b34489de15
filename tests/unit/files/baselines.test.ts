import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readBaseline, readBaselines, removeBaseline, writeBaseline } from '../../../src/files/baselines.ts'
import type { Baseline } from '../../../src/verdict/baseline.ts'

const BENCH = { file: 'chat.bench.ts', test: '100 users', name: 'chat' }

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'baselines-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

function baseline(over: Partial<Baseline> = {}): Baseline {
  const figures = { 'ttft.p99': { value: 123.456_789_12, standardError: 1.000_000_04 }, successRate: { value: 1 } }
  return {
    version: 1,
    bench: BENCH,
    cohort: { model: 'Qwen', 'engine.name': 'vllm' },
    runs: [{ startedAt: '2026-01-31T09:30:00.000Z', figures }],
    ...over,
  }
}

test('a baseline is one readable file, keys in order, figures rounded', async () => {
  const home = await folder()
  const path = await writeBaseline(join(home, 'deep', 'baselines'), baseline())
  expect(path).toMatch(/deep\/baselines\/chat_100-users_chat_[\da-f]{8}_[\da-f]{8}\.json$/)
  expect(await readFile(path, 'utf8')).toBe(`{
  "version": 1,
  "bench": { "file": "chat.bench.ts", "test": "100 users", "name": "chat" },
  "cohort": { "engine.name": "vllm", "model": "Qwen" },
  "runs": [
    {
      "startedAt": "2026-01-31T09:30:00.000Z",
      "figures": { "ttft.p99": { "value": 123.457, "standardError": 1 }, "successRate": { "value": 1 } }
    }
  ]
}
`)
})

test('what is written is read again, and written again is the same', async () => {
  const home = await folder()
  const path = await writeBaseline(home, baseline())
  const text = await readFile(path, 'utf8')
  const [stored] = await readBaselines(home)
  expect(stored!.path).toBe(path)
  expect(stored!.baseline.runs[0]!.figures['successRate']).toEqual({ value: 1 })
  await writeBaseline(home, stored!.baseline)
  expect(await readFile(path, 'utf8')).toBe(text)
  expect(await readdir(home)).toHaveLength(1)
})

test('keeps how the requests of each run were spread, a line a distribution', async () => {
  const home = await folder()
  const distributions = { ttft: { count: 3, bins: '100:1 104:2' } }
  const path = await writeBaseline(home, baseline({ runs: [{ ...baseline().runs[0]!, distributions }] }))
  expect(await readFile(path, 'utf8')).toContain('"ttft": { "count": 3, "bins": "100:1 104:2" }')
  const [stored] = await readBaselines(home)
  expect(stored!.baseline.runs[0]!.distributions).toEqual(distributions)
})

test('each bench and cohort has a file of its own, and a bench reads its own alone', async () => {
  const home = await folder()
  await writeBaseline(home, baseline())
  await writeBaseline(home, baseline({ cohort: { model: 'Qwen', 'engine.name': 'sglang' } }))
  const other = await writeBaseline(home, baseline({ bench: { ...BENCH, name: 'chat 2' } }))
  await writeFile(other, 'broken')
  expect(await readdir(home)).toHaveLength(3)
  expect((await readBaselines(home, BENCH)).map((stored) => stored.baseline.cohort['engine.name'])).toEqual(
    expect.arrayContaining(['vllm', 'sglang']),
  )
  await expect(readBaselines(home)).rejects.toThrow(other)
})

test('where there is no folder there are no baselines', async () => {
  expect(await readBaselines(join(await folder(), 'missing'))).toEqual([])
})

test('a baseline can be removed; one that is not there is an error', async () => {
  const home = await folder()
  const path = await writeBaseline(home, baseline())
  await removeBaseline(path)
  expect(await readdir(home)).toEqual([])
  await expect(removeBaseline(path)).rejects.toThrow(`The baseline ${path} can't be removed`)
})

test('a folder that can not be written names the option', async () => {
  const home = await folder()
  await writeFile(join(home, 'file'), '')
  await expect(writeBaseline(join(home, 'file'), baseline())).rejects.toThrow(
    /can't be written: .*llmBench\(\{ baselines: \{ folder: '…' \} \}\)/,
  )
})

describe('versions', () => {
  test('version 0, whose figures are bare numbers, is read', async () => {
    const { version, bench, runs } = await readBaseline(join(import.meta.dirname, 'fixtures/baseline-0.json'))
    expect({ version, bench }).toEqual({ version: 1, bench: BENCH })
    expect(runs.map(({ figures }) => figures['ttft.p99'])).toEqual([{ value: 123.4 }, { value: 125.1 }])
  })

  test('a newer one than is known is refused, and both are named', async () => {
    const path = join(await folder(), 'a.json')
    await writeFile(path, JSON.stringify({ ...baseline(), version: 7 }))
    await expect(readBaseline(path)).rejects.toThrow(
      `The baseline ${path} can't be read: it is of version 7, and this vitest-llm-bench knows versions up to 1. Update the package`,
    )
  })
})

describe('a broken file names the place and the way out', () => {
  const run = baseline().runs[0]!
  const broken: [string, string, RegExp][] = [
    ['no JSON', '{\n  "version": 1,\n  "bench": {,', /it is no JSON \(.*line 3/],
    ['a conflict', '{\n<<<<<<< HEAD\n', /line 2 is the mark of a merge conflict/],
    ['another shape', '[]', /it is no object/],
    ['no version', '{}', /`version` is missing/],
    [
      'a figure without value',
      JSON.stringify(baseline({ runs: [{ ...run, figures: { 'ttft.p99': {} as never } }] })),
      /`runs\[0\]\.figures\["ttft\.p99"\]\.value`/,
    ],
    ['no runs', JSON.stringify(baseline({ runs: [] })), /`runs`/],
    ['a misspelt key', JSON.stringify({ ...baseline(), chort: {} }), /chort/],
    ['a bad time', JSON.stringify(baseline({ runs: [{ ...run, startedAt: 'yesterday' }] })), /`runs\[0\]\.startedAt`/],
  ]
  test.for(broken)('%s', async ([, content, message]) => {
    const path = join(await folder(), 'a.json')
    await writeFile(path, content)
    const error = (await readBaseline(path).catch((thrown: unknown) => thrown)) as Error
    expect(error).toMatchObject({ code: 'BASELINE' })
    expect(error.message).toContain(`The baseline ${path} can't be read: `)
    expect(error.message).toMatch(message)
    expect(error.message).toContain('Restore it from version control, or delete it and write it anew with `vitest bench -u`.')
  })
})
