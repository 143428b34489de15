// Whatever is wrong, there is one clear error with the way out, exit code 1, and no report left as if it were whole.
import { chmod, mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { latest, list, PLAIN_CONFIG, project, readSummary, runBench } from './run-vitest.ts'
import { serve } from './stand-in-server.ts'

const NAMES = 'clients, gsm8k, jsonl, openai, oneBatch, parquet, requestRate, rollout, shareGPT, llama, embedded'
const HEAD = `import { test } from 'vitest'\nimport { ${NAMES} } from 'vitest-llm-bench'`

interface Wrong {
  readonly name: string
  readonly workload: string
  readonly says: readonly RegExp[]
}

/** One line. */
function benchOf({ name, workload }: Pick<Wrong, 'name' | 'workload'>): string {
  return `test(${JSON.stringify(name)}, async ({ bench }) => { await bench('load', ${workload}).run() })`
}

/** Runs a suite with a test for each of them, and gives what the terminal said. */
async function expectErrors(cases: readonly Wrong[], files: Record<string, string> = {}): Promise<string> {
  const folder = await project({ ...files, 'a.bench.ts': [HEAD, ...cases.map(benchOf)].join('\n') })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(1)
  const { tests } = await readSummary(folder)
  expect(tests.map(({ name }) => name)).toEqual(cases.map(({ name }) => name))
  for (const [i, { name, says }] of cases.entries()) {
    const { state, errors } = tests[i]!
    expect.soft([state, errors.length], name).toEqual(['failed', 1])
    for (const text of says) {
      expect.soft(errors[0]!.message, name).toMatch(text)
      expect.soft(output, name).toMatch(text)
    }
    // The stack leads to the user's line, and to no line of this package.
    expect.soft(output, name).toMatch(new RegExp(`❯ .*a\\.bench\\.ts:${i + 3}:\\d+`))
  }
  expect(output).not.toContain('src/vitest')
  const folders = (await list(`${folder}/bench-results`)).filter((name) => name !== 'latest')
  for (const name of folders) {
    for (const file of await list(`${folder}/bench-results/${name}`)) expect(['junit.xml', 'report.md', 'summary.json']).toContain(file)
  }
  return output
}

const on = (target: string, more = 'n: 1'): string => `clients({ ${more}, rampUp: 0, target: openai(${target}) })`
const json = { 'content-type': 'application/json' }
const models = '{"data":[{"id":"m"}]}'

test('servers that are not there, refuse, lack the model, speak something else or fail every request', async () => {
  const refusing = await serve((_, response) => response.writeHead(401, json).end('{"error":{"message":"bad key"}}'))
  const healthy = await serve((_, response) => response.writeHead(200, json).end(models))
  const page = await serve((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><html></html>'))
  const failing = await serve((request, response) => {
    if (request.url?.endsWith('/models')) return response.writeHead(200, json).end(models)
    return response.writeHead(500, json).end('{"error":{"message":"the GPU is on fire"}}')
  })
  const output = await expectErrors([
    { name: 'nobody', workload: on(`{ baseURL: 'http://127.0.0.1:9' }`), says: [/http:\/\/127\.0\.0\.1:9/, /refused|ECONNREFUSED/] },
    { name: 'no key', workload: on(`{ baseURL: '${refusing}', apiKey: 'very-secret-key' }`), says: [/401/] },
    { name: 'no such model', workload: on(`{ baseURL: '${healthy}', model: 'other' }`), says: [/other/, /\bm\b/] },
    { name: 'a page', workload: on(`{ baseURL: '${page}' }`), says: [/HTML/] },
    // The first cause is shown.
    { name: 'all fail', workload: on(`{ baseURL: '${failing}' }`, 'n: 2, requests: 6'), says: [/the GPU is on fire/, /500/] },
  ])
  expect(output).not.toContain('very-secret-key')
})

test('options, datasets and models that can not be used', async () => {
  const wrong: readonly [name: string, workload: string, says: RegExp][] = [
    ['a missing dataset', `clients({ n: 1, dataset: 'nowhere.json' })`, /nowhere\.json/],
    ['an empty dataset', `clients({ n: 1, dataset: 'empty.json' })`, /empty\.json/],
    ['a corrupt dataset', `clients({ n: 1, dataset: 'bad.json' })`, /bad\.json/],
    ['a corrupt Parquet file', `rollout({ batch: 1, n: 1, dataset: 'bad.parquet' })`, /bad\.parquet/],
    ['a row without a prompt', `rollout({ batch: 1, n: 1, dataset: jsonl('null.jsonl', { field: 'prompt' }) })`, /null\.jsonl.*2/],
    ['a limit beyond the data', `rollout({ batch: 1, n: 1, limit: 5, dataset: 'a.jsonl' })`, /limit/],
    ['an ending without a loader', `clients({ n: 1, dataset: 'data.csv' })`, /\.parquet, \.jsonl, \.json or \.txt/],
    ['NaN', `clients({ n: NaN })`, /`n` is NaN/],
    ['a negative rate', `requestRate({ rate: -1 })`, /`rate` is -1/],
    ['zero', `rollout({ batch: 0, n: 8 })`, /`batch` is 0/],
    ['an unknown option', `clients({ n: 1, rampup: 3 })`, /did you mean `rampUp`/],
    ['a model file that is not there', `oneBatch({ batch: 1, engine: llama({ model: 'none.gguf' }) })`, /none\.gguf/],
    ['a model file that is none', `clients({ n: 1, target: embedded({ model: 'bad.gguf' }) })`, /bad\.gguf/],
  ]
  await expectErrors(
    wrong.map(([name, workload, says]) => ({ name, workload, says: [says] })),
    {
      'empty.json': '',
      'bad.json': '[{"conversations": [',
      'bad.parquet': 'not parquet',
      'null.jsonl': '{"prompt":"x"}\n{"prompt":null}\n',
      'a.jsonl': '{"prompt":"x"}\n',
      'bad.gguf': 'no',
    },
  )
})

const USERS = [HEAD, benchOf({ name: 't', workload: 'clients({ n: 1 })' })].join('\n')

test.skipIf(process.getuid?.() === 0)('a results folder that can not be written', async () => {
  const folder = await project({ 'vitest.config.ts': PLAIN_CONFIG, 'a.bench.ts': USERS })
  await mkdir(`${folder}/bench-results`)
  await chmod(`${folder}/bench-results`, 0o500)
  const { exitCode, output } = await runBench(folder)
  expect(exitCode).toBe(1)
  expect(output).toContain('bench-results')
})

test('a results folder whose name is taken by a file', async () => {
  const folder = await project({ 'bench-results': 'a file', 'a.bench.ts': USERS })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode).toBe(1)
  expect(output).toContain('bench-results')
  expect(existsSync(latest(folder))).toBe(false)
})
