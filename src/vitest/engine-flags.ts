import { basename } from 'node:path'
import { canonicalJSON } from '../dsl/digest.ts'
import type { LaunchTargetSpec } from '../dsl/launch.ts'
import { redact } from '../dsl/redact.ts'
import type { Subject } from './resolve-subject.ts'

/**
 * How the engine or server was started, as far as the run started it, as one readable text; undefined where it did not. Without what says
 * where it listens, who may ask, and what stands on other axes. Of the simulator only what stands for an engine's
 * configuration: its times and faults are what a server does, not how it is started.
 */
export function engineFlags(subject: Subject): string | undefined {
  if (subject.kind === 'engine') return optionText(subject.engine)
  const { target } = subject
  if (target.kind === 'launch') return commandText(target)
  if (target.kind === 'embedded') return optionText(target)
  if (target.kind !== 'simulator') return undefined
  const { maxNumSeqs, kvCacheTokens, tokensPerChunk, outputTokens, outputTokensSpread, seed } = target
  return optionText({ maxNumSeqs, kvCacheTokens, tokensPerChunk, outputTokens, outputTokensSpread, seed })
}

/** What an engine's options say that stands on another axis, or is of this machine alone. */
const ELSEWHERE = new Set(['kind', 'model', 'python', 'apiKey', 'endpoint'])

function optionText(options: object): string {
  return Object.entries(redact(options) as Record<string, unknown>)
    .filter(([name, value]) => value !== undefined && !ELSEWHERE.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      if (name === 'devices') return `devices=${deviceCount(String(value))}`
      return `${name}=${typeof value === 'string' ? value : canonicalJSON(value)}`
    })
    .join(' ')
}

/** Which of a machine's devices were free is chance; how many there are is not. */
function deviceCount(devices: string): number {
  return devices.split(',').length
}

const HIDDEN = '***'
const PLACE = /^-{0,2}(?:(?:[\w-]*[-_])?(?:port|host|hostname|address|bind|listen|url|uds|socket)|server-name)$/i
const UNIMPORTANT = new Set(['PYTHONUNBUFFERED'])

function commandText(target: LaunchTargetSpec): string {
  const { command, args, env } = redact(target)
  const variables = Object.entries(env)
    .filter(([name, value]) => value !== HIDDEN && !UNIMPORTANT.has(name) && !PLACE.test(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) =>
      name === 'CUDA_VISIBLE_DEVICES' && value !== null ? `${name}=(${deviceCount(value)})` : `${name}=${value ?? '(none)'}`,
    )
  return [...variables, basename(command), ...args.filter((_, i) => !saysWhereOrWho(args, i))].join(' ')
}

/** Whether an argument names the server's place or a secret: `--port 8000`, `--port=8000`, either word of the first. */
function saysWhereOrWho(args: readonly string[], index: number): boolean {
  const word = args[index]!
  const [name] = word.split('=', 1)
  if (word.startsWith('-') && (PLACE.test(name!) || word.endsWith(`=${HIDDEN}`) || args[index + 1] === HIDDEN)) return true
  const before = args[index - 1]
  return (
    word === HIDDEN ||
    (before !== undefined && before.startsWith('-') && !before.includes('=') && PLACE.test(before) && !word.startsWith('-'))
  )
}
