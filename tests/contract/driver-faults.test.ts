import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { EngineSpec } from '../../src/dsl/engines.ts'
import { lmdeployEngine, rosellm, sglangEngine, transformers, vllm } from '../../src/dsl/python-engines.ts'
import type { Engine, EngineAnswer, Schedule } from '../../src/engines/engine.ts'
import { loadEngine } from '../../src/engines/load-engine.ts'
import { common, HAS_PYTHON } from './engines/stand-ins.ts'

const DRIVERS = fileURLToPath(new URL('../../src/engines/python/drivers', import.meta.url))
const FAILING = fileURLToPath(new URL('./stand-ins/python/failing_driver.py', import.meta.url))

async function load(spec: EngineSpec, needs: { schedule?: Schedule } = {}): Promise<Engine> {
  const engine = await loadEngine(spec, { use: 'generate', contextLength: 64, ...needs }, { root: process.cwd() })
  onTestFinished(() => engine.close())
  return engine
}

function answersOf(engine: Engine, prompts: readonly string[]): Promise<EngineAnswer[]> {
  const requests = prompts.map((content) => ({
    messages: [{ role: 'user' as const, content }],
    maxTokens: 3,
    ignoreEos: true,
    temperature: 0,
    seed: 0,
  }))
  const options = { originNs: process.hrtime.bigint(), signal: new AbortController().signal }
  return engine.generate(requests, options)
}

async function errorsOf(spec: EngineSpec, prompts: readonly string[], needs?: { schedule?: Schedule }): Promise<(string | undefined)[]> {
  return (await answersOf(await load(spec, needs), prompts)).map(({ error }) => error)
}

const failing = (what: string) =>
  transformers({
    python: `python3 ${FAILING} ${what}`,
    env: { PYTHONPATH: [DRIVERS, common.env.PYTHONPATH].join(delimiter) },
    model: 'none',
  })

describe.skipIf(!HAS_PYTHON)('a driver', () => {
  test.for([
    ['vllm', vllm(common)],
    ['sglang', sglangEngine(common)],
  ] as const)('of %s fails a prompt that can not be tokenised, and no other', async ([, spec]) => {
    expect(await errorsOf(spec, ['one', 'an unreadable one', 'two'])).toEqual([
      undefined,
      "the prompt can't be made into tokens: no token for unreadable",
      undefined,
    ])
  })

  test.for(['start', 'step'])('of static batches fails those of a batch that can not be held (at its %s), and no other', async (when) => {
    const prompts = ['one', 'two', 'three', 'w999', 'four']
    const lost = 'CUDA out of memory'
    expect(await errorsOf(failing(when), prompts)).toEqual([undefined, undefined, lost, lost, undefined])
  })

  test('of one request after another fails the one that can not be held, and no other', async () => {
    const spec = rosellm({ ...common, tokenizer: 'stand-in', device: 'cpu' })
    const naive = { schedule: { mode: 'naive', together: 1 } } as const
    expect(await errorsOf(spec, ['one', 'w999', 'two'], naive)).toEqual([undefined, 'CUDA out of memory', undefined])
  })

  test.for(['loop', 'loop never-closes'])('whose %s breaks ends, and its requests fail with the reason', async (what) => {
    expect(await errorsOf(failing(what), ['one'])).toEqual([expect.stringMatching(/was ended by SIGKILL[^]*the loop is broken/)])
  })

  test.for([
    ['takes no seed is given none', { STAND_IN_SEEDLESS: '1' }, {}, 'SGLang takes no seed before 0.5.3'],
    ['heeds no seed', {}, {}, 'SGLang heeds no seed without enable_deterministic_inference (in `args`)'],
    ['heeds seeds', {}, { enable_deterministic_inference: true }, undefined],
  ] as const)('of an SGLang that %s, and what there is to say of it is said', async ([, env, args, noSeed]) => {
    const spec = sglangEngine({ ...common, args, env: { ...common.env, ...env } })
    const engine = await load(spec)
    expect(engine.info.noSeed).toBe(noSeed)
    expect((await answersOf(engine, ['one'])).map(({ error }) => error)).toEqual([undefined])
  })

  test('of LMDeploy gives it no prompt that begins twice', async () => {
    const lengths: number[] = []
    for (const env of [{}, { STAND_IN_BOS: '1' }]) {
      const [answer] = await answersOf(await load(lmdeployEngine({ ...common, env: { ...common.env, ...env } })), ['one'])
      lengths.push(answer!.promptTokens)
    }
    // The beginning, the word, and the end of the message: whether the template or the tokenizer puts the first.
    expect(lengths).toEqual([3, 3])
  })
})
