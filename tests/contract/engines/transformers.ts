import { transformers } from '../../../src/dsl/python-engines.ts'
import { PARALLEL } from '../engine.ts'
import type { EngineUnderTest } from '../engine.ts'
import { countTiny } from './tiny-tokens.ts'

/** Real PyTorch with the tiny model: for machines that have it. */
export const transformersTiny: EngineUnderTest = {
  name: 'transformers',
  spec: transformers({ device: 'cpu', dtype: 'float32', threads: 1, maxSequences: PARALLEL }),
  count: countTiny,
  contextLimit: 8192,
  queues: true,
  oneBatch: true,
  tokenByToken: true,
}
