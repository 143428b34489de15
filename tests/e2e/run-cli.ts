import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { REPOSITORY, withoutVitest } from './run-vitest.ts'

const CLI = join(REPOSITORY, 'dist/src/cli.js')

/** How a command ended. */
interface Ended {
  readonly code: number | null
  /** stdout and stderr, in the order they came. */
  readonly output: string
  readonly stdout: string
}

interface RunningCommand {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves with the match once the output has one; rejects where the command ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>
}

/** Runs `vitest-llm-bench` as a user does. */
export function runCommand(args: readonly string[], cwd = REPOSITORY, env: Record<string, string> = {}): RunningCommand {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...withoutVitest(process.env), NO_COLOR: '1', ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [output, stdout] = ['', '']
  const watchers = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const watch of watchers) watch()
    })
  }
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, output, stdout }))
  return {
    child,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const match = pattern.exec(output)
          if (match === null) return
          watchers.delete(watch)
          resolve(match)
        }
        watchers.add(watch)
        watch()
        void ended.then(() => reject(new Error(`it ended without saying ${String(pattern)}:\n${output}`)))
      }),
  }
}
