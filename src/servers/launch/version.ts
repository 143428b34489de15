import { spawn } from 'node:child_process'
import type { SpawnOptions } from 'node:child_process'
import type { VersionSpec } from '../../dsl/launch.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'
import { ask } from './ask.ts'
import type { AskOptions } from './ask.ts'

/** Starting a Python that imports much takes long. */
const COMMAND_TIMEOUT_MS = 120_000
const URL_SECONDS = 10
const LONGEST = 200
const OUTPUT_LIMIT = 64 * 1024

/**
 * Finds a launched server's version.
 * @param asking how a URL is asked for
 * @param options for a command's process
 * @throws where it can't be had
 */
export async function findVersion(spec: VersionSpec, asking: AskOptions, options: SpawnOptions): Promise<string> {
  if (typeof spec === 'string') return spec
  const version =
    'url' in spec ? await fromURL(spec.url, spec.path, asking) : await fromCommand(spec.command, spec.args, options, asking.signal)
  return version.length > LONGEST ? `${version.slice(0, LONGEST)}…` : version
}

async function fromURL(url: string, path: string, options: AskOptions): Promise<string> {
  const { text, problem } = await ask(url, URL_SECONDS, options)
  if (text === undefined) throw new LlmBenchError('SERVER', `${url} was asked for it: ${problem}`)
  let value: unknown = parsed(url, text)
  for (const key of path.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[key]
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new LlmBenchError('SERVER', `${url} has no text at \`${path}\``)
}

function parsed(url: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new LlmBenchError('SERVER', `${url} is no JSON`)
  }
}

/** The last line that a command prints: what comes before are warnings. */
async function fromCommand(command: string, args: readonly string[], options: SpawnOptions, signal: AbortSignal): Promise<string> {
  const timeout = AbortSignal.timeout(COMMAND_TIMEOUT_MS)
  const child = spawn(command, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.any([signal, timeout]),
    killSignal: 'SIGKILL',
  })
  const outputs = [child.stdout, child.stderr].map((stream) => {
    let text = ''
    stream.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-OUTPUT_LIMIT)
    })
    return () => text.trim().split('\n').at(-1)!.trim()
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(timeout.aborted ? new Error(`it took more than ${COMMAND_TIMEOUT_MS / 1000} seconds`) : error))
    child.once('close', resolve)
  }).catch((error: unknown) => {
    throw new LlmBenchError('SERVER', `${command}: ${messageOf(error)}`, { cause: error })
  })
  // Some print their version to stderr.
  const line = outputs.map((last) => last()).find((text) => text !== '') ?? ''
  if (code !== 0) throw new LlmBenchError('SERVER', `${command} ended with exit code ${code}${line === '' ? '' : `: ${line}`}`)
  if (line === '') throw new LlmBenchError('SERVER', `${command} printed nothing`)
  return line
}
