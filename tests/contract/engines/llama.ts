import { llama } from '../../../src/dsl/engines.ts'
import { PARALLEL } from '../engine.ts'
import type { EngineUnderTest } from '../engine.ts'
import { countTiny } from './tiny-tokens.ts'

export const llamaTiny: EngineUnderTest = {
  name: 'llama',
  spec: llama({ parallel: PARALLEL }),
  count: countTiny,
  contextLimit: 8192,
  queues: true,
  oneBatch: true,
  tokenByToken: true,
}
