// A server that is faster because it answers something else fails.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { project, readLatest, readSummary, runBench } from './run-vitest.ts'

const SUITE = `
  import { expect, test } from 'vitest'
  import { clients, simulator } from 'vitest-llm-bench'
  const target = simulator({ ttft: 5, itl: 1, outputTokens: Number(process.env.ANSWER_LENGTH), model: 'm' })
  const load = { n: 4, rampUp: 0, requests: 16, outputLength: 'free', maxTokens: 32, target }
  test('greedy', async ({ bench }) => {
    const run = await bench('chat', clients({ ...load, temperature: 0, keepAnswers: true, repeats: 2 })).run()
    await expect(run).toKeepAnswers('golden/chat.json')
  })
  test('sampled', async ({ bench }) => {
    const run = await bench('sampled', clients({ ...load, temperature: 0.7, keepAnswers: true })).run()
    await expect(run).toKeepAnswers('golden/sampled.json')
  })
  test('not kept', async ({ bench }) => {
    const run = await bench('not kept', clients({ ...load, temperature: 0 })).run()
    await expect(run).toKeepAnswers('golden/none.json')
  })
`

test('answers are kept: written by -u, held by the next run, broken by a server that answers otherwise', async () => {
  const folder = await project({ 'chat.bench.ts': SUITE })
  const bench = (length: number, args: string[], env: Record<string, string> = {}) =>
    runBench(folder, args, { ANSWER_LENGTH: String(length), ...env })

  const refused = await bench(8, ['-t', 'greedy'], { CI: 'true' })
  expect(refused.exitCode, refused.output).toBe(1)
  expect(refused.output).toContain('chat has no golden answers in golden/chat.json, and none are written by the way in CI')

  const written = await bench(8, ['-u'])
  expect(written.output).toContain('toKeepAnswers() is for greedy decoding, and sampled samples (temperature 0.7)')
  expect(written.output).toContain('toKeepAnswers() needs the answers of not kept: give clients() `keepAnswers: true`')
  const golden = JSON.parse(await readFile(join(folder, 'golden/chat.json'), 'utf8')) as { answers: { text: string }[] }
  const kept = (await readLatest(folder, (await readSummary(folder)).tests[0]!.runs[0]!.folder.split('/').at(-1)!, 'answers.jsonl'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { prompt_index: number; text: string })
  expect(kept).toHaveLength(16)
  expect(golden.answers).toHaveLength(new Set(kept.map(({ prompt_index }) => prompt_index)).size)
  expect(golden.answers[0]!.text.trim().split(' ')).toHaveLength(8)

  const held = await bench(8, ['-t', 'greedy'])
  expect(held.exitCode, held.output).toBe(0)
  const [greedy] = (await readSummary(folder)).tests
  expect(greedy!.holdings).toMatchObject([
    { matcher: 'toKeepAnswers', state: 'held', comparisons: [{ metric: 'answers changed', change: 0 }] },
  ])

  const broken = await bench(6, ['-t', 'greedy'])
  expect(broken.exitCode, broken.output).toBe(1)
  expect(broken.output).toContain('32 of 32 answers (100%) are not those of golden/chat.json, allowed are 0%')
  expect(await readLatest(folder, 'junit.xml')).toContain('32 of 32 answers')
})
