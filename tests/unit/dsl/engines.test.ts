import { expect, test } from 'vitest'
import { llama } from '../../../src/dsl/engines.ts'
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

test('an engine that is none is refused by the workload', () => {
  expect(() => oneBatch({ batch: 1, engine: 'llama' as never })).toThrow('`engine` is "llama": expected an engine such as llama()')
})
