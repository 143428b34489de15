import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { launch } from '../../../src/dsl/launch.ts'
import type { LaunchOptions } from '../../../src/dsl/launch.ts'
import { llama } from '../../../src/dsl/engines.ts'
import type { EngineSpec } from '../../../src/dsl/engines.ts'
import { vllm } from '../../../src/dsl/python-engines.ts'
import { vllmServer } from '../../../src/dsl/servers.ts'
import { simulator } from '../../../src/dsl/simulator.ts'
import type { TargetSpec } from '../../../src/dsl/targets.ts'
import { embedded, openai } from '../../../src/dsl/targets.ts'
import { specOf } from '../../../src/dsl/workload.ts'
import type { ClientsOptions } from '../../../src/dsl/workloads/clients.ts'
import { clients } from '../../../src/dsl/workloads/clients.ts'
import { shareGPT, text } from '../../../src/dsl/datasets.ts'
import type { Cohort } from '../../../src/verdict/cohort.ts'
import { differences } from '../../../src/verdict/cohort.ts'
import type { CohortFacts } from '../../../src/vitest/cohort-of.ts'
import { cohortOf } from '../../../src/vitest/cohort-of.ts'
import { requestMetrics } from '../reporters/fixtures.ts'

const SERVER = openai({ baseURL: 'http://127.0.0.1:8000/v1' })

function cohort(over: Partial<CohortFacts> = {}): Cohort {
  return cohortOf({
    workload: workloadOf({}),
    subject: { kind: 'target', target: SERVER },
    target: { kind: 'openai', model: 'Qwen', version: 'vllm 0.11.0' },
    metrics: requestMetrics(),
    environment: {},
    ignore: [],
    root: '/srv/checkout',
    ...over,
  })
}

function workloadOf(options: Partial<ClientsOptions>): CohortFacts['workload'] {
  return specOf(clients({ n: 4, rampUp: 0, requests: 8, ...options }))!
}

function onTarget(target: TargetSpec): Cohort {
  return cohort({ subject: { kind: 'target', target } })
}

/** Axes on which two cohorts differ. */
function axes(a: Cohort, b: Cohort): string[] {
  return differences(a, b).map(({ axis }) => axis)
}

/** Of a workload with these options. */
function ofLoad(options: Partial<ClientsOptions>): Cohort {
  return cohort({ workload: workloadOf(options) })
}

/** Axes on which a target with these options differs from one without. */
function changedBy(options: object): string[] {
  return axes(onTarget(SERVER), onTarget(openai({ baseURL: 'http://127.0.0.1:8000/v1', ...options })))
}

function changedInSimulator(options: object): string[] {
  return axes(onTarget(simulator({})), onTarget(simulator(options)))
}

function engineOfVersion(version: string): (string | undefined)[] {
  const { 'engine.name': name, 'engine.version': number } = cohort({ target: { kind: 'openai', version } })
  return [name, number]
}

function onEngine(engine: EngineSpec): Cohort {
  return cohort({ subject: { kind: 'engine', engine } })
}

function flagsOf(options: Omit<LaunchOptions, 'command'>, command = 'vllm'): string | undefined {
  return onTarget(launch({ command, baseURL: 'http://127.0.0.1:8000/v1', ...options }))['engine.flags']
}

test('a cohort names the load, the data, the target, the model and the engine', () => {
  expect(cohort()).toMatchObject({
    'workload.kind': 'clients',
    'workload.n': '4',
    'workload.requests': '8',
    'workload.dataset.kind': 'builtin',
    dataset: '0123456789abcdef',
    target: 'openai',
    'target.endpoint': 'chat',
    model: 'Qwen',
    'engine.name': 'vllm',
    'engine.version': '0.11.0',
  })
})

describe('the load', () => {
  test('a difference names the option', () => {
    const asked = { n: 8, rampUp: 0, maxTokens: 64, warmup: { requests: 3 } }
    expect(axes(cohort(), ofLoad(asked))).toEqual(['workload.maxTokens', 'workload.n', 'workload.warmup.requests'])
  })

  test('how it is measured is no part of it', () => {
    const asked = { workers: 2, repeats: 5, preconnect: false, abortOn: { consecutive: 3 } }
    expect(axes(cohort(), ofLoad(asked))).toEqual([])
  })

  test('data go by their content, wherever they lie', () => {
    const here = ofLoad({ dataset: shareGPT('/a/samples.json') })
    expect(axes(here, ofLoad({ dataset: shareGPT('/b/samples.json') }))).toEqual([])
    expect(axes(here, ofLoad({ dataset: text('a.txt') }))).toContain('workload.dataset.kind')
  })

  test('a long system prompt is shown by its beginning and told apart by its digest', () => {
    const [a, b] = ['a', 'b'].map((end) => ofLoad({ systemPrompt: 'x'.repeat(5000) + end })['workload.systemPrompt']!)
    expect(a!.length).toBeLessThan(100)
    expect(a).not.toBe(b)
    expect(ofLoad({ systemPrompt: 'You are brief.' })['workload.systemPrompt']).toBe('You are brief.')
  })
})

describe('the target', () => {
  test('its address, keys, headers and time-outs are no part of it', () => {
    const other = openai({ baseURL: 'http://gpu-7:9000/v1', apiKey: 'sk-1', headers: { 'x-run': '7' }, timeout: 5, proxy: 'http://p:3128' })
    expect(axes(onTarget(SERVER), onTarget(other))).toEqual([])
  })

  test('what changes the load or the answers is', () => {
    expect(changedBy({ endpoint: 'completions' })).toEqual(['target.endpoint'])
    expect(changedBy({ extraBody: { top_k: 1, chat: { thinking: false } } })).toEqual([
      'target.extraBody.chat.thinking',
      'target.extraBody.top_k',
    ])
    expect(changedBy({ profile: true })).toEqual(['target.profile'])
    const several = openai({ baseURLs: ['http://a:1/v1', 'http://b:1/v1'] })
    expect(axes(onTarget(SERVER), onTarget(several))).toEqual(['target.servers'])
  })

  test('of the simulator what stands for configuration counts, not its times and faults', () => {
    expect(changedInSimulator({ ttft: 30, itl: 9, errorRate: 0.1, truthLog: 'x.log' })).toEqual([])
    expect(changedInSimulator({ maxNumSeqs: 4 })).toEqual(['engine.flags'])
  })
})

describe('the engine', () => {
  test('is found in the version that a server tells', () => {
    expect(engineOfVersion('vllm 0.11.0')).toEqual(['vllm', '0.11.0'])
    expect(engineOfVersion('llama.cpp b6840-ab12 (x)')).toEqual(['llama.cpp', 'b6840-ab12 (x)'])
    expect(engineOfVersion('TGI v3.0')).toEqual(['TGI', 'v3.0'])
    expect(engineOfVersion('0.6.1')).toEqual([undefined, '0.6.1'])
    expect(engineOfVersion('uvicorn')).toEqual(['uvicorn', undefined])
    expect(cohort({ target: { kind: 'openai' } })).not.toHaveProperty('engine.name')
  })

  test('a launched server without a name of its own goes by that which the user gave it; else that is a label', () => {
    const target = launch({ command: 'vllm', name: 'candidate', args: ['--port', '{port}'] })
    const of = (version: string) => cohort({ subject: { kind: 'target', target }, target: { kind: 'candidate', version } })
    expect(of('0.6.1')).toMatchObject({ 'engine.name': 'candidate', 'engine.version': '0.6.1', target: 'openai' })
    expect(of('vllm 0.6.1')).toMatchObject({ 'engine.name': 'vllm', target: 'openai' })
  })

  test('the embedded engine is llama.cpp, whatever its version says', () => {
    const subject = { kind: 'target', target: embedded({ parallel: 2 }) } as const
    expect(cohort({ subject, target: { kind: 'embedded', version: 'b6840 (node-llama-cpp 3.21.1)' } })).toMatchObject({
      'engine.name': 'llama.cpp',
      'engine.version': 'b6840 (node-llama-cpp 3.21.1)',
      'engine.flags': 'gpu=false parallel=2',
      'target.endpoint': 'chat',
    })
  })

  test('a model file goes by its path, but for where this machine keeps temporary files', () => {
    expect(onEngine(llama({ model: '/models/v2/tiny.gguf' }))['model']).toBe('/models/v2/tiny.gguf')
    expect(onEngine(llama({ model: '/srv/checkout/models/tiny.gguf' }))['model']).toBe('./models/tiny.gguf')
    expect(onEngine(llama({ model: join(tmpdir(), 'a8f3/tiny.gguf') }))['model']).toBe('…/tiny.gguf')
  })

  test('the device that an engine tells is an axis', () => {
    expect(cohort({ target: { kind: 'vllm', device: 'NVIDIA H100' } })).toMatchObject({ device: 'NVIDIA H100' })
    expect(cohort()).not.toHaveProperty('device')
  })

  test('which devices it got is chance, how many is not; its interpreter is a place', () => {
    const here = onEngine(vllm({ model: 'qwen', devices: [4, 5], python: '/venv/a/bin/python' }))
    expect(axes(here, onEngine(vllm({ model: 'qwen', devices: [6, 7], python: '/venv/b/bin/python' })))).toEqual([])
    expect(axes(here, onEngine(vllm({ model: 'qwen', devices: [4] })))).toEqual(['engine.flags'])
    expect(here['engine.flags']).toContain('devices=2')
  })
})

describe('a launched server', () => {
  test('its command and flags are part of the cohort', () => {
    expect(flagsOf({ args: ['serve', 'qwen', '--tensor-parallel-size', '2'] })).toBe('vllm serve qwen --tensor-parallel-size 2')
    expect(flagsOf({ args: ['serve'] }, '/opt/venv-17/bin/vllm')).toBe('vllm serve')
    expect(flagsOf({ args: ['-np', '8', '--import', 'x', '--transport', 'tcp'] })).toBe('vllm -np 8 --import x --transport tcp')
  })

  test('where it listens and who may ask is not', () => {
    const args = [
      'serve',
      '--host',
      '127.0.0.1',
      '--port',
      '8000',
      '--api-key',
      'sk-1',
      '--uvicorn-port=9',
      '--master_port',
      '{port2}',
      '--tp',
      '2',
    ]
    expect(flagsOf({ args: [...args, '{port}'] })).toBe('vllm serve --tp 2 {port}')
  })

  test('a preset gives the same flags on every port', () => {
    const [a, b] = [8000, 9000].map((port) => onTarget(vllmServer({ model: 'qwen', port, tensorParallelSize: 2 }))['engine.flags'])
    expect(a).toBe(b)
    expect(a).toContain('--tensor-parallel-size 2')
  })

  test('variables are flags too, but for secrets, ports and which devices they name', () => {
    const env = { VLLM_USE_V1: '1', HF_TOKEN: 'hf_1', VLLM_PORT: '7', CUDA_VISIBLE_DEVICES: '2,5', PYTHONUNBUFFERED: '1', NCCL_DEBUG: null }
    expect(flagsOf({ env })).toBe('CUDA_VISIBLE_DEVICES=(2) NCCL_DEBUG=(none) VLLM_USE_V1=1 vllm')
  })
})

describe('the environment', () => {
  const environment = { gpu: 'H100', driver: '570.1', cpu: 'EPYC 7713' }

  test('all that the user tells is part of it', () => {
    expect(cohort({ environment })).toMatchObject({ 'environment.gpu': 'H100', 'environment.driver': '570.1' })
  })

  test('but for what is to be ignored, by its bare or its full name', () => {
    expect(axes(cohort(), cohort({ environment, ignore: ['cpu', 'environment.driver'] }))).toEqual(['environment.gpu'])
    expect(cohort({ ignore: ['engine.version'] })).not.toHaveProperty('engine.version')
  })
})

test('axes stand in the order of their names', () => {
  const names = Object.keys(cohort({ environment: { zone: 'a', gpu: 'b' } }))
  expect(names).toEqual(names.toSorted())
})
