/**
 * How a command ended: 0 it did what was asked; 1 it did, and what it found is what the caller wanted to fail on; 2 it could not
 * (a wrong flag, a file that can't be read, a server that doesn't start). A {@link LlmBenchError} thrown by a command is 2.
 * From 128 on: it was ended by that signal.
 */
export type ExitCode = 0 | 1 | 2 | 129 | 130 | 143

/** A command of `vitest-llm-bench`. */
export interface Command {
  readonly name: string
  /** A line for the list of commands. */
  readonly summary: string
  /** What `vitest-llm-bench <name> --help` prints: usage, then flags. */
  help(): string
  /**
   * @param args all that follows the command's name; `--help` never comes here
   * @throws {LlmBenchError} what went wrong, in a message for the user
   */
  run(args: readonly string[]): Promise<ExitCode>
}

/** Name of the program, as messages give it. */
export const PROGRAM = 'vitest-llm-bench'
