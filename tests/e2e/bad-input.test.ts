// Whatever is wrong, there is one clear error with the way out, exit code 1, and no report left as if it were whole.
import { chmod, mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { latest, list, PLAIN_CONFIG, project, runBench } from './run-vitest.ts'
import { serve } from './stand-in-server.ts'

function suite(workload: string): string {
  return `
    import { test } from 'vitest'
    import { clients, gsm8k, jsonl, openai, oneBatch, parquet, requestRate, rollout, shareGPT, llama, embedded } from 'vitest-llm-bench'
    test('t', async ({ bench }) => { await bench('load', ${workload}).run() })
  `
}

async function outcome(workload: string, files: Record<string, string> = {}): Promise<string> {
  const folder = await project({ ...files, 'a.bench.ts': suite(workload) })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(1)
  const folders = (await list(`${folder}/bench-results`)).filter((name) => name !== 'latest')
  for (const name of folders) {
    for (const file of await list(`${folder}/bench-results/${name}`)) expect(['junit.xml', 'summary.json']).toContain(file)
  }
  return output
}

const open = { data: '{"data":[{"id":"m"}]}' }

test('an unreachable server', async () => {
  const output = await outcome(`clients({ n: 1, rampUp: 0, target: openai({ baseURL: 'http://127.0.0.1:9' }) })`)
  expect(output).toContain('http://127.0.0.1:9')
  expect(output).toMatch(/refused|ECONNREFUSED/)
  // The stack leads to the user's line, and to no line of this package.
  expect(output).toMatch(/❯ .*a\.bench\.ts:4:\d+/)
  expect(output).not.toContain('src/vitest')
})

test('a missing key (401), without printing any', async () => {
  const url = await serve((_, response) =>
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"message":"bad key"}}'),
  )
  const output = await outcome(`clients({ n: 1, rampUp: 0, target: openai({ baseURL: '${url}', apiKey: 'very-secret-key' }) })`)
  expect(output).toContain('401')
  expect(output).not.toContain('very-secret-key')
})

test('a model that the server does not have', async () => {
  const url = await serve((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(open.data))
  const output = await outcome(`clients({ n: 1, rampUp: 0, target: openai({ baseURL: '${url}', model: 'other' }) })`)
  expect(output).toContain('other')
  expect(output).toMatch(/\bm\b/)
})

test('a server that answers with a page', async () => {
  const url = await serve((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><html></html>'))
  expect(await outcome(`clients({ n: 1, rampUp: 0, target: openai({ baseURL: '${url}' }) })`)).toMatch(/HTML/)
})

test('every request failing is an error that shows the first cause', async () => {
  const url = await serve((request, response) => {
    if (request.url?.endsWith('/models')) return response.writeHead(200, { 'content-type': 'application/json' }).end(open.data)
    return response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"the GPU is on fire"}}')
  })
  const output = await outcome(`clients({ n: 2, rampUp: 0, requests: 6, target: openai({ baseURL: '${url}' }) })`)
  expect(output).toContain('the GPU is on fire')
  expect(output).toContain('500')
})

test.for([
  ['a missing dataset', `clients({ n: 1, dataset: 'nowhere.json' })`, {}, /nowhere\.json/],
  ['an empty dataset', `clients({ n: 1, dataset: 'empty.json' })`, { 'empty.json': '' }, /empty\.json/],
  ['a corrupt dataset', `clients({ n: 1, dataset: 'bad.json' })`, { 'bad.json': '[{"conversations": [' }, /bad\.json/],
  ['a corrupt Parquet file', `rollout({ batch: 1, n: 1, dataset: 'bad.parquet' })`, { 'bad.parquet': 'not parquet' }, /bad\.parquet/],
  [
    'a row without a prompt',
    `rollout({ batch: 1, n: 1, dataset: jsonl('a.jsonl', { field: 'prompt' }) })`,
    { 'a.jsonl': '{"prompt":"x"}\n{"prompt":null}\n' },
    /a\.jsonl.*2/,
  ],
  ['a limit beyond the data', `rollout({ batch: 1, n: 1, limit: 5, dataset: 'a.jsonl' })`, { 'a.jsonl': '{"prompt":"x"}\n' }, /limit/],
  ['an ending without a loader', `clients({ n: 1, dataset: 'data.csv' })`, {}, /\.parquet, \.jsonl, \.json or \.txt/],
  ['NaN', `clients({ n: NaN })`, {}, /`n` is NaN/],
  ['a negative rate', `requestRate({ rate: -1 })`, {}, /`rate` is -1/],
  ['zero', `rollout({ batch: 0, n: 8 })`, {}, /`batch` is 0/],
  ['an unknown option', `clients({ n: 1, rampup: 3 })`, {}, /did you mean `rampUp`/],
  ['a model file that is not there', `oneBatch({ batch: 1, engine: llama({ model: 'none.gguf' }) })`, {}, /none\.gguf/],
  ['a model file that is none', `clients({ n: 1, target: embedded({ model: 'bad.gguf' }) })`, { 'bad.gguf': 'no' }, /bad\.gguf/],
] as const)('%s', async ([, workload, files, expected]) => {
  expect(await outcome(workload, files)).toMatch(expected)
})

test.skipIf(process.getuid?.() === 0)('a results folder that can not be written', async () => {
  const folder = await project({ 'vitest.config.ts': PLAIN_CONFIG, 'a.bench.ts': suite('clients({ n: 1 })') })
  await mkdir(`${folder}/bench-results`)
  await chmod(`${folder}/bench-results`, 0o500)
  const { exitCode, output } = await runBench(folder)
  expect(exitCode).toBe(1)
  expect(output).toContain('bench-results')
})

test('a results folder whose name is taken by a file', async () => {
  const folder = await project({ 'bench-results': 'a file', 'a.bench.ts': suite('clients({ n: 1 })') })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode).toBe(1)
  expect(output).toContain('bench-results')
  expect(existsSync(latest(folder))).toBe(false)
})
