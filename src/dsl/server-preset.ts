import { z } from 'zod'
import { isProbe, launched, launchFields } from './launch.ts'
import type { LaunchTargetSpec, VersionSpec } from './launch.ts'
import { boolean, nonEmptyString, numberWithin, oneOrMore, wholeNumber } from './options.ts'
import { portNumber } from './ports.ts'
import type { LiveTargetSpec } from './targets.ts'

/** Options of every preset. */
export const common = {
  ...launchFields,
  /** A path or a name. */
  model: nonEmptyString,
  /** Left out, a free one. */
  port: portNumber.optional(),
  /** For `CUDA_VISIBLE_DEVICES`. */
  devices: oneOrMore(z.union([wholeNumber(0), nonEmptyString])).optional(),
  /** Words in the place of those that start the server, before all options: a path, a wrapper, `docker run …`. */
  command: oneOrMore(nonEmptyString).optional(),
}

/** Options of the target that speaks to a server, all but its address; that target's own call checks them. */
export function targetOptions<Options>() {
  return z
    .custom<Omit<Options, 'baseURL' | 'baseURLs'>>((value) => typeof value === 'object' && value !== null, {
      error: 'expected options of the target, such as { timeout: 60 }',
    })
    .optional()
}

/** What to speak to a server that has an API of its own beside OpenAI's. */
export const protocol = z.enum(['openai', 'native'], { error: "expected 'openai' or 'native'" }).default('openai')

/** And of those that are Python modules. */
export const python = {
  ...common,
  /** Interpreter, say of a virtual environment: a command, words split at spaces (default: `LLM_BENCH_PYTHON`, else `python3`). */
  python: nonEmptyString.optional(),
}

/** What engines have in common, under the names that most of them use. */
export const engineSize = {
  tensorParallelSize: wholeNumber(1).optional(),
  /** Longest prompt and answer together, in tokens. */
  maxModelLen: wholeNumber(1).optional(),
  /** Sequences that run together. */
  maxNumSeqs: wholeNumber(1).optional(),
  /** Share of the GPU's memory. */
  gpuMemoryUtilization: numberWithin(0, 1).optional(),
}

/** And most of them. */
export const engine = {
  ...engineSize,
  dtype: nonEmptyString.optional(),
  quantization: nonEmptyString.optional(),
  prefixCaching: boolean.optional(),
  servedModelName: nonEmptyString.optional(),
}

/** Options of the command line: left out where undefined, true alone, others with their value. */
export type Flags = Readonly<Record<string, string | number | boolean | undefined>>

/** What a preset makes of its own options. */
interface Start {
  readonly name: string
  /** Words that start the server, before its options. */
  readonly command: readonly string[]
  readonly flags: (port: number | string) => Flags
  /** Arguments before the options. */
  readonly words?: readonly string[]
  /** Path that answers 2xx when requests can be taken; left out, an open port is all there is to see. */
  readonly health?: string
  /** The target that speaks to it. */
  readonly speaks: (baseURL: string) => LiveTargetSpec
  readonly version?: VersionSpec
  readonly env?: Readonly<Record<string, string>>
}

/** The spec of a preset's options. */
export function serverOf(options: z.output<z.ZodObject<typeof common>>, start: Start, call: string): LaunchTargetSpec {
  const { port = '{port}', devices, command, args, env, ready, name, cwd, stopTimeout, exclusive, version } = options
  const [program, ...words] = command ?? start.command
  const address = `http://127.0.0.1:${port}`
  const { timeout, ...probe } = ready
  return launched(
    {
      name: name ?? start.name,
      command: program!,
      args: [...words, ...(start.words ?? []), ...written(start.flags(port)), ...args],
      env: { ...start.env, ...(devices === undefined ? {} : { CUDA_VISIBLE_DEVICES: devices.join(',') }), ...env },
      cwd,
      ready: { ...(isProbe(probe) ? probe : start.health === undefined ? { port } : { url: `${address}${start.health}` }), timeout },
      stopTimeout,
      exclusive,
      version: version ?? start.version,
      target: start.speaks(address),
    },
    call,
  )
}

function written(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    if (value === undefined || value === false) return []
    return value === true ? [name] : [name, String(value)]
  })
}

/** Python holds back what it prints where nobody watches, and a crash would lose it. */
export const UNBUFFERED = { PYTHONUNBUFFERED: '1' }

type PythonOptions = z.output<z.ZodObject<typeof python>>

/** Words of the Python that starts the server. */
export function interpreter(options: PythonOptions): string[] {
  return (options.python ?? (process.env['LLM_BENCH_PYTHON'] || 'python3')).split(/\s+/)
}

/** Asks the interpreter for a package's version without importing it; a server that is started another way is not asked. */
export function packageVersion(options: PythonOptions, name: string): { version?: VersionSpec } {
  if (options.command !== undefined) return {}
  const [command, ...words] = interpreter(options)
  return {
    version: {
      command: command!,
      args: [...words, '-c', `from importlib.metadata import version; print('${name}', version('${name}'))`],
    },
  }
}
