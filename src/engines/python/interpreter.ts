import { LlmBenchError } from '../../errors.ts'

/** A Python interpreter: a program, and the arguments before the script's. */
export interface Interpreter {
  readonly command: string
  readonly args: readonly string[]
}

/** How a user names another one. */
export const OTHER_PYTHON = "name another interpreter in the engine's `python` option or in LLM_BENCH_PYTHON"

/**
 * The interpreter that the option names, else `LLM_BENCH_PYTHON`, else `python3`. Words are split at spaces.
 * @throws {LlmBenchError} `ENGINE` where there is no word
 */
export function findInterpreter(option: string | undefined, env: NodeJS.ProcessEnv): Interpreter {
  const text = option ?? (env['LLM_BENCH_PYTHON'] || 'python3')
  const [command, ...args] = text.split(/\s+/).filter((word) => word !== '')
  if (command === undefined) throw new LlmBenchError('ENGINE', `no Python interpreter: the command is empty; ${OTHER_PYTHON}`)
  return { command, args }
}

/** The interpreter as it would be typed. */
export function commandText({ command, args }: Interpreter): string {
  return [command, ...args].join(' ')
}
