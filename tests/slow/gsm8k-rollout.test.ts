// A rollout over real questions, cut short by Ctrl-C and resumed: every count is held against the engine's own.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { expect, onTestFinished, test } from 'vitest'
import { embedded } from '../../src/dsl/targets.ts'
import { readRequestsParquet } from '../../src/files/requests-parquet.ts'
import { startEmbedded } from '../../src/servers/embedded/start.ts'
import { latest, list, project, readSummary, REPOSITORY, runBench, startBench } from '../e2e/run-vitest.ts'

const DATA = resolve(REPOSITORY, '../shared/data/gsm8k-instruct.parquet')
const [BATCHES, BATCH, N, TOKENS] = [7, 8, 8, 16]

test.skipIf(!existsSync(DATA))("a GSM8K rollout goes on after Ctrl-C to the same totals, which are the engine's", async () => {
  const server = await startEmbedded(embedded(), { root: REPOSITORY })
  onTestFinished(() => server.close())
  const folder = await project({
    'rl.bench.ts': `
      import { test } from 'vitest'
      import { gsm8k, openai, rollout } from 'vitest-llm-bench'
      test('t', async ({ bench }) => {
        await bench('rl', rollout({
          batch: ${BATCH}, n: ${N}, limit: ${BATCHES * BATCH}, maxTokens: ${TOKENS}, resume: true,
          dataset: gsm8k(${JSON.stringify(DATA)}),
          target: openai({ baseURL: ${JSON.stringify(server.baseURL)} }),
        })).run()
      })
    `,
  })

  const run = startBench(folder)
  await Promise.race([threeBatches(folder), run.finished])
  process.kill(-run.child.pid!, 'SIGINT')
  const interrupted = await run.finished
  expect(interrupted.exitCode, interrupted.output).not.toBe(0)
  const [before] = (await readSummary(folder)).tests[0]!.runs
  expect(before!.partial, interrupted.output).toBe(true)
  const first = await filesOf(join(folder, before!.folder))
  const done = first.global.length
  expect(done).toBeGreaterThanOrEqual(3)
  expect(done).toBeLessThan(BATCHES)

  const generatedBefore = await generated(server.baseURL)
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(0)
  const generatedNow = (await generated(server.baseURL)) - generatedBefore
  const [after] = (await readSummary(folder)).tests[0]!.runs
  const { global, dispersed, details, requests } = await filesOf(join(folder, after!.folder))

  // What was done stays as it was, down to the byte; the rest is what the engine generated since.
  expect(global.slice(0, done)).toEqual(first.global)
  expect(dispersed.slice(0, done)).toEqual(first.dispersed)
  expect(details.slice(0, done * BATCH)).toEqual(first.details)
  expect(sum(global.slice(done).map(totalOf))).toBe(generatedNow)

  const total = BATCHES * BATCH * N
  expect(after!.metrics).toMatchObject({ requests: total, completed: total, failed: 0, tokens: { output: 'server' } })
  const { outputTokens } = after!.metrics as { outputTokens: number }
  expect(sum(global.map(totalOf))).toBe(outputTokens)
  expect(sum(requests.outputTokens)).toBe(outputTokens)
  expect(requests.length).toBe(total)

  const indices = Array.from({ length: BATCHES }, (_, i) => i)
  expect(global.map((row) => Number(row[0]))).toEqual(indices)
  expect(dispersed.map((row) => Number(row[0]))).toEqual(indices)
  const questions = await promptsOf(BATCHES * BATCH)
  expect(details.map(({ batch_index, prompt_index }) => [batch_index, prompt_index])).toEqual(
    questions.map((_, i) => [Math.floor(i / BATCH), i]),
  )
  expect(details.map(({ prompt_text }) => prompt_text)).toEqual(questions)
  for (const batch of indices) {
    const lengths = details
      .filter(({ batch_index }) => batch_index === batch)
      .map(({ rollouts }) => rollouts.map(({ token_length }) => token_length))
    expect(lengths).toEqual(Array.from({ length: BATCH }, (_, i) => lengthsOf(requests, batch * BATCH + i)))
    expect(JSON.parse(dispersed[batch]![1]!)).toEqual(lengths)
    expect(totalOf(global[batch]!)).toBe(sum(lengths.flat()))
    expect(JSON.parse(global[batch]![7]!)).toEqual(lengths.map((of) => Math.max(...of)))
  }
  // Each sample has a seed of its own.
  expect(new Set(details[0]!.rollouts.map(({ response }) => response)).size).toBe(N)
})

interface Details {
  batch_index: number
  prompt_index: number
  prompt_text: string
  rollouts: { response: string; token_length: number }[]
}

async function filesOf(folder: string) {
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')
  const { columns } = await readRequestsParquet(join(folder, 'requests.parquet'))
  return {
    global: cellsOf(await read('global_stats.csv')),
    dispersed: cellsOf(await read('dispersed_stats.csv')),
    details: (await read('rollout_details.jsonl'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Details),
    requests: columns,
  }
}

/** The cells of each row below the header; the seeds' lists stand in quotes. */
function cellsOf(csv: string): string[][] {
  const rows = csv.trimEnd().split('\r\n').slice(1)
  return rows.map((row) => Array.from(row.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g), ([, quoted, plain]) => quoted ?? plain ?? ''))
}

function totalOf(globalRow: readonly string[]): number {
  return Number(globalRow[4])
}

function lengthsOf({ promptIndex, sampleIndex, outputTokens }: Awaited<ReturnType<typeof filesOf>>['requests'], prompt: number): number[] {
  const lengths: number[] = []
  for (const [i, index] of promptIndex.entries()) if (index === prompt) lengths[sampleIndex[i]!] = outputTokens[i]!
  return lengths
}

async function promptsOf(rows: number): Promise<string[]> {
  const table = await parquetReadObjects({ file: await asyncBufferFromFile(DATA), compressors, columns: ['prompt'], rowEnd: rows })
  return table.map(({ prompt }) => (prompt as { content: string }[])[0]!.content)
}

/** Tokens that the engine has generated since its start, once it has let go of clients that went away. */
async function generated(baseURL: string): Promise<number> {
  for (;;) {
    const text = await (await fetch(new URL('/metrics', baseURL))).text()
    const count = (name: string): number => Number(new RegExp(`^llamacpp:${name} (\\d+)$`, 'm').exec(text)![1])
    if (count('requests_processing') + count('requests_deferred') === 0) return count('tokens_predicted_total')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}

/** Resolves once three batches stand in the running bench's files. */
async function threeBatches(folder: string): Promise<void> {
  const end = performance.now() + 60_000
  while (performance.now() < end) {
    const bench = (await list(latest(folder))).find((name) => name.includes('rl'))
    const rows = bench === undefined ? '' : await readFile(latest(folder, bench, 'global_stats.csv'), 'utf8').catch(() => '')
    if (rows.split('\r\n').length > 4) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('three batches were not done in a minute')
}
