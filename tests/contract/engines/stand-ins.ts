import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { lmdeployEngine, paddle, rosellm, sglangEngine, vllm } from '../../../src/dsl/python-engines.ts'
import { PARALLEL } from '../engine.ts'
import type { EngineUnderTest } from '../engine.ts'

/** Whether this machine has a Python for the stand-ins, which need nothing else. */
export const HAS_PYTHON = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0

const OUTPUT_LENGTH = 12
export const common = {
  model: 'stand-in',
  python: 'python3',
  env: { PYTHONPATH: fileURLToPath(new URL('../stand-ins/python', import.meta.url)) },
  maxSequences: PARALLEL,
}
const under = {
  count: (text: string) => Promise.resolve(text.split(' ').length),
  contextLimit: 4096,
  queues: true,
  oneBatch: false,
  tokenByToken: true,
}

/** Drivers over modules of the tests' own that have the engines' call signatures: for engines that can't be installed anywhere. */
export const standIns: readonly EngineUnderTest[] = [
  // Room for the static batches as well, which take the place of all other sequences.
  { ...under, name: 'vllm', spec: vllm(common), oneBatch: true },
  {
    ...under,
    name: 'sglang',
    spec: sglangEngine({ ...common, tensorParallelSize: 2, args: { enable_deterministic_inference: true } }),
    oneBatch: true,
  },
  { ...under, name: 'lmdeploy', spec: lmdeployEngine(common) },
  {
    ...under,
    name: 'paddle',
    spec: paddle({ ...common, tensorParallelSize: 2, minDecodeLength: OUTPUT_LENGTH, maxDecodeLength: OUTPUT_LENGTH }),
    outputLength: OUTPUT_LENGTH,
    tokenByToken: false,
  },
  // Adding a request is its prefill.
  { ...under, name: 'rosellm', spec: rosellm({ ...common, tokenizer: 'stand-in', device: 'cpu' }), queues: false },
]
