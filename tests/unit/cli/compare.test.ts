import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { compare } from '../../../src/cli/compare.ts'
import { writeBaseline } from '../../../src/files/baselines.ts'
import { baselineOf } from '../../../src/verdict/baseline.ts'
import type { RunSample } from '../../../src/verdict/run-sample.ts'
import { runsOf } from '../verdict/samples.ts'

let folder: string

async function put(name: string, text: string): Promise<void> {
  await mkdir(join(folder, name, 'chat'), { recursive: true })
  await writeFile(join(folder, name, 'chat/sample.json'), text)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compare-'))
  for (const [i, run] of runsOf({ 'ttft.p50': 100, 'e2e.p50': 2000 }, 3).entries()) await put(`good/${i}`, JSON.stringify(run))
  await put('broken', '{')
  await put('newer', '{ "version": 99 }')
  await put('other', '{}')
  await mkdir(join(folder, 'empty'))
  await writeFile(join(folder, 'file.txt'), 'x')
})
afterAll(() => rm(folder, { recursive: true }))

/** Arguments, with the folder in the place of `@`. */
const run = (args: readonly string[]): Promise<number> => compare.run(args.map((arg) => arg.replace('@', `${folder}/`)))

test.for<[args: string[], message: string]>([
  [[], 'vitest-llm-bench compare takes OLD and NEW'],
  [['@good', '@gone'], "gone can't be read: there is no such file or folder"],
  [['@good', '@gone*'], 'holds no run: expected a results folder such as bench-results/latest'],
  [['@good', '@empty'], 'empty holds no run: expected a results folder such as bench-results/latest'],
  [['@good', '@file.txt'], 'file.txt is no folder of results'],
  [['@good', '@broken'], "broken/chat/sample.json can't be read: "],
  [['@good', '@newer'], 'newer/chat/sample.json was written by a newer version of this package (format 99, known up to 1)'],
  [['@good', '@other'], 'other/chat/sample.json is no sample of a run'],
  [['@good', '@good', '@good'], 'has no use for "'],
  [['@good', '@good', '--metric', 'ttft.p50'], 'write --metric ttft.p50=5%, or add --within 5%'],
  [['@good', '@good', '--metric', 'ttft.p5=5%'], 'has no metric `ttft.p5`: did you mean `ttft.p50`?'],
  [['@good', '@good', '--metric', 'ttft.p50=5%', '--metric', 'ttft.p50=6%'], '--metric names ttft.p50 twice'],
  [['@good', '@good', '--within', 'much'], '--within is much: expected the least change that matters'],
  [['@good', '@good', '--within', '5'], '--within is 5: expected the least change that matters'],
  [['@good', '@good', '--format', 'xml'], "`format` is \"xml\": expected 'text', 'md' or 'json'"],
  [['@good', '@good', '--fail-on', 'never'], "`failOn` is \"never\": expected 'regressed' or 'inconclusive'"],
  [['@good', '@good', '--bench', 'chatt'], 'no bench is named "chatt": did you mean "chat"?'],
])('bad input is an error that says what to write: %j', async ([args, message]) => {
  await expect(run(args)).rejects.toMatchObject({ name: 'LlmBenchError', message: expect.stringContaining(message) as string })
})

/** The holdings of a JSON report. */
async function holdingsOf(args: readonly string[]): Promise<{ comparisons: object[] }[]> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    expect(await run([...args, '--format', 'json'])).toBe(0)
    return (JSON.parse(write.mock.calls.map(([text]) => String(text)).join('')) as { holdings: { comparisons: object[] }[] }).holdings
  } finally {
    write.mockRestore()
  }
}

test('one metric may be held with the least change of all', async () => {
  const [holding] = await holdingsOf(['@good', '@good', '--metric', 'ttft.p50,e2e.p50=1%', '--within', '5%'])
  expect(holding!.comparisons).toMatchObject([
    { metric: 'ttft.p50', within: 0.05, state: 'pass' },
    { metric: 'e2e.p50', within: 0.01, state: 'pass' },
  ])
})

test('a side may be a baseline, or a folder of them', async () => {
  const path = await writeBaseline(join(folder, 'baselines'), baselineOf(runsOf({ 'ttft.p50': 50 }, 4) as [RunSample]))
  for (const old of [path, '@baselines']) {
    const [holding] = await holdingsOf([old, '@good', '--metric', 'ttft.p50=5%'])
    expect(holding!.comparisons).toMatchObject([{ state: 'regressed', reference: { runs: 4 }, measured: { runs: 3 } }])
  }
})
