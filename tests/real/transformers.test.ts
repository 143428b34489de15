// Real PyTorch: `LLM_BENCH_PYTHON` holds the command of an interpreter that has it.
import { describe } from 'vitest'
import { describeEngine } from '../contract/engine-cases.ts'
import { transformersTiny } from '../contract/engines/transformers.ts'
import { PYTHON, pythonEnvironment } from './python.ts'

Object.assign(process.env, await pythonEnvironment())

describe.skipIf(PYTHON === undefined)('real PyTorch', () => {
  describeEngine(transformersTiny)
})
