import { spawn } from 'node:child_process'
import type { SpawnOptions } from 'node:child_process'
import type { VersionSpec } from '../../dsl/launch.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'

/** Starting a Python that imports much takes long. */
const COMMAND_TIMEOUT_MS = 120_000
const URL_TIMEOUT_MS = 10_000
const LONGEST = 200
const OUTPUT_LIMIT = 64 * 1024

/**
 * Finds a launched server's version.
 * @param headers of a request for a URL
 * @param options for a command's process
 * @throws where it can't be had
 */
export async function findVersion(
  spec: VersionSpec,
  headers: Readonly<Record<string, string>>,
  options: SpawnOptions,
  signal: AbortSignal,
): Promise<string> {
  if (typeof spec === 'string') return spec
  const version = 'url' in spec ? await fromURL(spec.url, spec.path, headers) : await fromCommand(spec.command, spec.args, options, signal)
  return version.length > LONGEST ? `${version.slice(0, LONGEST)}…` : version
}

async function fromURL(url: string, path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(URL_TIMEOUT_MS) })
  if (!response.ok) throw new LlmBenchError('SERVER', `${url} answered HTTP ${response.status}`)
  let value: unknown = await response.json()
  for (const key of path.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[key]
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new LlmBenchError('SERVER', `${url} has no text at \`${path}\``)
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
