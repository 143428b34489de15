import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { transformers } from '../../../../src/dsl/python-engines.ts'
import type { Engine } from '../../../../src/engines/engine.ts'
import { loadEngine } from '../../../../src/engines/load-engine.ts'

const FAKE = fileURLToPath(new URL('./fake-driver.mjs', import.meta.url))
const NEEDS = { use: 'generate', contextLength: 64 } as const
const never = new AbortController().signal
const request = { messages: [{ role: 'user', content: 'question' }], maxTokens: 2, ignoreEos: true, seed: 0 }

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'llm-bench-driver-'))
})
afterAll(() => rm(root, { recursive: true }))

async function load(
  how: string,
  context: { root?: string; signal?: AbortSignal; logFolder?: string } = {},
  options: object = {},
): Promise<Engine> {
  const spec = transformers({ python: `${process.execPath} ${FAKE} ${how}`, model: 'qwen', ...options })
  const engine = await loadEngine(spec, NEEDS, { root, ...context })
  onTestFinished(() => engine.close())
  return engine
}

const failure = (message: RegExp): object => ({ code: 'ENGINE', message: expect.stringMatching(message) as string })

test('answers are put together from a driver’s reports, with times on the caller’s clock', async () => {
  const engine = await load('well')
  expect(engine.info).toEqual({ name: 'transformers', version: '1.0', model: 'qwen', contextLength: 100, device: 'none', streams: true })
  const counts: number[] = []
  const answers = await engine.generate([request, request], { originNs: 0n, signal: never, onTokens: (count) => counts.push(count) })
  expect(counts).toEqual([2, 2])
  expect(answers).toHaveLength(2)
  expect(answers[1]).toEqual({
    text: 'a b',
    sentNs: 5,
    firstTokenNs: 10,
    lastTokenNs: 30,
    gapsMs: Float32Array.of(20e-6),
    promptTokens: 3,
    outputTokens: 2,
    finishReason: 'length',
  })
})

test('an answer that comes as a whole has its end and no first token', async () => {
  const [answer] = await (await load('whole')).generate([request], { originNs: 0n, signal: never })
  expect(answer!.lastTokenNs).toBe(30)
  expect(answer!.firstTokenNs).toBeUndefined()
})

test.for([
  [
    'missing',
    /transformers\(\) needs the Python package torch.*install it by `.*fake-driver\.mjs missing -m pip install torch`.*LLM_BENCH_PYTHON/,
  ],
  ['unloadable', /can't load qwen: no such model/],
  ['silent', /ended with exit code 3[^]*this is why/],
  ['rubbish', /no message of its protocol: "Loading weights: 100%"/],
  ['old', /speaks version 0 of the protocol, and this package 1/],
  ['clock', /another monotonic clock/],
] as const)('%s: a driver that can not be used is an error that says why', async ([how, message]) => {
  await expect(load(how)).rejects.toMatchObject(failure(message))
})

test('an interpreter that is not there is an error that names it and the way out', async () => {
  const loading = loadEngine(transformers({ python: 'no-such-python' }), NEEDS, { root })
  await expect(loading).rejects.toMatchObject(failure(/`no-such-python`.*ENOENT.*`python` option or in LLM_BENCH_PYTHON/))
})

test('a load that hangs can be broken off', async () => {
  const cancel = new AbortController()
  const loading = load('stuck', { signal: cancel.signal })
  cancel.abort()
  await expect(loading).rejects.toMatchObject({ code: 'CANCELLED' })
})

test.for([
  ['dies', /was ended by SIGKILL/],
  ['babbles', /no message of its protocol: "\{\\"type\\": \\"answer\\"/],
] as const)('%s: requests go down with their driver, each with the reason, and the next call gets another', async ([how, message]) => {
  const engine = await load(how)
  for (let repeat = 0; repeat < 2; repeat++) {
    const answers = await engine.generate([request, request], { originNs: 0n, signal: never })
    expect(answers.map(({ error }) => error)).toEqual([expect.stringMatching(message), expect.stringMatching(message)])
  }
})

test('a case that ends its driver is skipped with the reason, and the other cases go on', async () => {
  const engine = await load('well')
  const run = (batch: number) => engine.oneBatch({ batch, inputLength: 4, outputLength: 3, seed: 0 }, never)
  expect(await run(2)).toMatchObject({ prefillNs: 7, decodeNs: [1, 1], sequencesPerDecode: [1] })
  expect(await run(16)).toMatchObject({ batch: 16, decodeNs: [], skipped: expect.stringContaining('exit code 137') as string })
  expect(await run(4)).toMatchObject({ prefillNs: 7, sequencesPerDecode: [1] })
})

test('where a driver can not be loaded again, what is left fails at once with that reason', async () => {
  const folder = await mkdtemp(join(root, 'lost-'))
  const engine = await load('lost', { root: folder })
  const errorsOf = async () => (await engine.generate([request, request], { originNs: 0n, signal: never })).map(({ error }) => error)
  const [went, again] = [/was ended by SIGKILL/, /transformers\(\) went down and can't be loaded again: .*no memory is left/]
  expect(await errorsOf()).toEqual([expect.stringMatching(went), expect.stringMatching(went)])
  for (let repeat = 0; repeat < 3; repeat++) expect(await errorsOf()).toEqual([expect.stringMatching(again), expect.stringMatching(again)])
  const { skipped } = await engine.oneBatch({ batch: 1, inputLength: 4, outputLength: 3, seed: 0 }, never)
  expect(skipped).toMatch(again)
  expect(await readFile(join(folder, 'loads'), 'utf8')).toBe('x')
})

test('closing breaks off a driver that is loaded again', async () => {
  const folder = await mkdtemp(join(root, 'stalls-'))
  const engine = await load('stalls', { root: folder })
  const generate = () => engine.generate([request], { originNs: 0n, signal: never })
  await generate()
  const waiting = generate()
  await vi.waitFor(async () => expect(await readFile(join(folder, 'loads'), 'utf8')).toBe('x'), 10_000)
  await engine.close()
  expect((await waiting)[0]!.error).toMatch(/loading transformers\(\) was cancelled/)
})

test('requests of one turn of the event loop come to the driver together', async () => {
  const logFolder = await mkdtemp(join(root, 'together-'))
  const engine = await load('well', { logFolder })
  const generate = () => engine.generate([request], { originNs: 0n, signal: never })
  await Promise.all([generate(), generate(), generate()])
  await generate()
  await engine.close()
  expect((await readFile(join(logFolder, 'engine.log'), 'utf8')).match(/(?<=^commands: ).*/gm)).toEqual([
    'load',
    'generate,generate,generate',
    'generate',
    'close',
  ])
})

test('what a driver prints goes to a file in the run’s folder', async () => {
  await (await load('well', { logFolder: root })).close()
  expect(await readFile(join(root, 'engine.log'), 'utf8')).toMatch(/loading .*"model":"qwen"/)
})

test('no secret is in what a driver says of a request or a case', async () => {
  const engine = await load('tells', {}, { env: { HF_TOKEN: 'hf-of-the-engine' } })
  const [answer] = await engine.generate([request], { originNs: 0n, signal: never })
  expect(answer!.error).toBe('rejected: ***')
  const skips = [4, 16].map(async (batch) => (await engine.oneBatch({ batch, inputLength: 4, outputLength: 3, seed: 0 }, never)).skipped)
  expect(await Promise.all(skips)).toEqual(['no room for ***', 'no room for ***'])
})

const PEM = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----'

test('no secret of the environment or of the options is in a log or an error', async () => {
  const logFolder = await mkdtemp(join(root, 'secrets-'))
  vi.stubEnv('HF_TOKEN', 'hf-of-the-process')
  onTestFinished(() => void vi.unstubAllEnvs())
  const options = { env: { SERVICE_KEY: PEM, WANDB_API_KEY: 'key-of-the-engine' }, args: { token: 'token-of-an-option' } }
  const loading = load('leaks', { logFolder }, options)
  const error = await loading.then(
    () => undefined,
    (reason: Error) => reason,
  )
  expect(error).toMatchObject(failure(/can't load qwen: \*\*\* is refused/))
  const log = await readFile(join(logFolder, 'engine.log'), 'utf8')
  expect(log).toMatch(/loading .*"token":"\*\*\*"[^]*its environment: \*\*\* \*\*\*/)
  for (const text of [error!.message, log]) expect(text).not.toMatch(/hf-of|key-of|token-of|MIIE/)
})
