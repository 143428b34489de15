import { expect, test } from 'vitest'
import { llama } from '../../../src/dsl/engines.ts'
import { transformers } from '../../../src/dsl/python-engines.ts'
import { oneBatch } from '../../../src/dsl/workloads.ts'

test('llama.cpp has defaults for all', () => {
  expect(llama()).toEqual({ kind: 'llama', gpu: false, parallel: 8 })
})

test('bad options are refused at the call', () => {
  expect(() => llama({ model: '' })).toThrow('llama(): `model` is "": expected a text that is not empty')
  expect(() => llama({ contextSize: 63 })).toThrow('`contextSize` is 63: expected a whole number from 64')
  expect(() => llama({ gpu: 'yes' as never })).toThrow('`gpu` is "yes": expected true or false')
  expect(() => llama({ gpulayers: 3 } as never)).toThrow('did you mean `gpuLayers`?')
})

test('an engine in Python takes what names its interpreter, its process and its model', () => {
  expect(transformers()).toEqual({
    kind: 'transformers',
    env: {},
    dtype: 'auto',
    trustRemoteCode: false,
    args: {},
    device: 'auto',
    maxSequences: 8,
  })
  expect(transformers({ devices: [0, 1] }).devices).toBe('0,1')
  expect(transformers({ devices: 3 }).devices).toBe('3')
  expect(() => transformers({ dtype: 'bf16' as never })).toThrow('`dtype` is "bf16": expected one of auto, float32, float16, bfloat16')
  expect(() => transformers({ env: { A: 1 as never } })).toThrow('`env.A` is 1: expected a text')
  expect(() => transformers({ args: { revision: undefined as never } })).toThrow('`args.revision`')
  expect(oneBatch({ batch: 1, engine: transformers() })).toBeTypeOf('function')
})

test('an engine that is none is refused by the workload', () => {
  expect(() => oneBatch({ batch: 1, engine: 'llama' as never })).toThrow('`engine` is "llama": expected an engine such as llama()')
})
