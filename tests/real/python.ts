import { dirname } from 'node:path'
import { ensureTinyFolder } from '../../src/engines/llama/tiny-model.ts'
import { REPOSITORY } from '../e2e/run-vitest.ts'

/** Command of a Python with PyTorch and transformers; of `LLM_BENCH_TRANSFORMERS`, which starts commands beside it, where it is not named. */
export const PYTHON =
  process.env['LLM_BENCH_PYTHON'] ??
  (process.env['LLM_BENCH_TRANSFORMERS'] === undefined ? undefined : `${process.env['LLM_BENCH_TRANSFORMERS']} python3`)

/** Environment in which drivers find that Python; one in a root of its own sees the folders in `BIND`. */
export async function pythonEnvironment(): Promise<Record<string, string>> {
  if (PYTHON === undefined) return {}
  return { LLM_BENCH_PYTHON: PYTHON, BIND: `${REPOSITORY} ${dirname(await ensureTinyFolder())}` }
}
