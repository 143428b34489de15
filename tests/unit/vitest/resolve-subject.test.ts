import { describe, expect, test } from 'vitest'
import { llama } from '../../../src/dsl/engines.ts'
import { openai } from '../../../src/dsl/targets.ts'
import { specOf } from '../../../src/dsl/workload.ts'
import { clients, oneBatch } from '../../../src/dsl/workloads.ts'
import { resolveSubject } from '../../../src/vitest/resolve-subject.ts'

const own = openai({ baseURL: 'http://own:1' })
const plugins = openai({ baseURL: 'http://plugin:1' })
const workload = (target?: typeof own) => specOf(clients({ n: 1, ...(target ? { target } : {}) }))!
const batch = specOf(oneBatch({ batch: 1 }))!

describe('a target is found', () => {
  test('first in the workload itself', () => {
    const subject = resolveSubject(workload(own), { target: plugins }, { LLM_BENCH_BASE_URL: 'http://env:1' })
    expect(subject).toEqual({ kind: 'target', target: own })
  })

  test('an engine of the workload’s own stands in the place of a server, whatever the plugin and the environment say', () => {
    const spec = specOf(clients({ n: 1, engine: llama({ parallel: 4 }) }))!
    expect(resolveSubject(spec, { target: plugins }, { LLM_BENCH_BASE_URL: 'http://env:1' })).toMatchObject({
      kind: 'engine',
      engine: { kind: 'llama', parallel: 4 },
    })
  })

  test('then in the plugin', () => {
    expect(resolveSubject(workload(), { target: plugins }, { LLM_BENCH_BASE_URL: 'http://env:1' })).toEqual({
      kind: 'target',
      target: plugins,
    })
  })

  test('then in the environment, our own names first', () => {
    const env = {
      LLM_BENCH_BASE_URL: 'http://env:1',
      LLM_BENCH_MODEL: 'm',
      LLM_BENCH_API_KEY: 'k',
      OPENAI_BASE_URL: 'http://openai:1',
      OPENAI_API_KEY: 'o',
    }
    expect(resolveSubject(workload(), {}, env)).toMatchObject({ target: { baseURLs: ['http://env:1'], model: 'm', apiKeys: ['k'] } })
    const subject = resolveSubject(workload(), {}, { ...env, LLM_BENCH_BASE_URL: undefined })
    expect(subject).toMatchObject({ target: { baseURLs: ['http://openai:1'], apiKeys: ['o'] } })
    expect(subject).not.toHaveProperty('target.model')
  })

  test('whose keys are never mixed: one server does not get the key of another', () => {
    expect(resolveSubject(workload(), {}, { LLM_BENCH_BASE_URL: 'http://env:1', OPENAI_API_KEY: 'o' })).toMatchObject({
      target: { apiKeys: [] },
    })
  })

  test('and is the embedded engine where none is named, which is said', () => {
    const subject = resolveSubject(workload(), {}, { LLM_BENCH_BASE_URL: '' })
    expect(subject).toMatchObject({ kind: 'target', target: { kind: 'embedded' } })
    expect(subject.note).toMatch(/embedded engine/)
  })
})

describe('an engine', () => {
  test('never comes from a base URL in the environment', () => {
    expect(resolveSubject(batch, { target: plugins }, { LLM_BENCH_BASE_URL: 'http://env:1' })).toMatchObject({
      kind: 'engine',
      engine: { kind: 'llama' },
    })
  })

  test('comes from the plugin where the workload names none', () => {
    const engine = llama({ model: 'm.gguf' })
    expect(resolveSubject(batch, { engine }, {})).toEqual({ kind: 'engine', engine })
  })
})
