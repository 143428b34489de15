import { basename } from 'node:path'
import { z } from 'zod'
import { LlmBenchError } from '../errors.ts'
import { boolean, nonEmptyString, parseOptions, positiveSeconds, seconds } from './options.ts'
import { portNumber, portPlaceholders, withAnyPort } from './ports.ts'
import { liveTargetOption, openai } from './targets.ts'
import type { LiveTargetSpec } from './targets.ts'

/** A server of the user's that the run starts and stops, and the target that speaks to it. */
export interface LaunchTargetSpec {
  readonly kind: 'launch'
  /** What it is called in messages and reports. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Variables beside those of this process; null takes one away. */
  readonly env: Readonly<Record<string, string | null>>
  /** Relative to the root. */
  readonly cwd?: string | undefined
  readonly ready: ReadySpec
  /** Seconds that it may take to get ready. */
  readonly readyTimeout: number
  /** Seconds between SIGTERM and SIGKILL. */
  readonly stopTimeout: number
  /** Whether no other launched server may run beside it. */
  readonly exclusive: boolean
  readonly version?: VersionSpec | undefined
  /** Holds placeholders for ports. */
  readonly target: LiveTargetSpec
}

/** What tells that a server can take requests: an answer of 2xx, a line of its log, or an open port. */
export type ReadySpec =
  | { readonly url: string }
  | { readonly log: LogPattern }
  /** A number, or a placeholder. */
  | { readonly port: number | string }

/** A part of a line, or a regular expression that a line matches. */
export type LogPattern = string | { readonly source: string; readonly flags: string }

/** Where a server's version is found. */
export type VersionSpec = string | VersionCommand | { readonly url: string; readonly path: string }

interface VersionCommand {
  readonly command: string
  readonly args: readonly string[]
}

const url = nonEmptyString.refine((value) => /^https?:\/\//i.test(value) && URL.canParse(withAnyPort(value)), {
  error: 'expected an http:// or https:// URL, its port {port} or a number',
})

const port = z.union([portNumber, z.literal(true).transform(() => '{port}'), z.string().regex(/^\{port[2-9]?\}$/)], {
  error: "expected a port, or true for the '{port}' of the arguments",
})

const logPattern = z.union(
  [nonEmptyString, z.instanceof(RegExp).transform(({ source, flags }) => ({ source, flags: flags.replaceAll(/[gy]/g, '') }))],
  { error: 'expected a part of a line, or a regular expression' },
)

const READY = 'expected one of { url }, { log } and { port }, and a { timeout } beside it if need be'

const readyOption = z
  .strictObject(
    { url: url.optional(), log: logPattern.optional(), port: port.optional(), timeout: positiveSeconds.optional() },
    { error: READY },
  )
  .refine((ready) => [ready.url, ready.log, ready.port].filter((probe) => probe !== undefined).length <= 1, { error: READY })
  .prefault({})

const versionOption = z.union(
  [
    nonEmptyString,
    z.strictObject({ command: nonEmptyString, args: z.array(z.string()).default([]) }),
    z.strictObject({ url, path: nonEmptyString }),
  ],
  { error: "expected a text, { command, args }, or { url, path } such as { url: '…/version', path: 'version' }" },
)

/** Options that presets share with {@link launch}. */
export const launchFields = {
  args: z.array(z.union([z.string(), z.number().transform(String)]), { error: 'expected a list of arguments' }).default([]),
  env: z
    .record(z.string(), z.union([z.string(), z.number().transform(String), z.null()], { error: 'expected a text, or null' }))
    .default({}),
  cwd: nonEmptyString.optional(),
  ready: readyOption,
  stopTimeout: seconds.default(10),
  exclusive: boolean.default(false),
  version: versionOption.optional(),
  name: nonEmptyString.optional(),
}

const launchOptions = z
  .strictObject({
    command: nonEmptyString,
    ...launchFields,
    baseURL: url.optional(),
    target: liveTargetOption.optional(),
  })
  .refine(({ baseURL, target }) => baseURL === undefined || target === undefined, {
    error: 'expected one of `baseURL` and `target`: the target has the URL',
    path: ['baseURL'],
  })

/** Options of {@link launch}. */
export type LaunchOptions = z.input<typeof launchOptions>

/** Compiling and loading a large model takes long. */
const READY_TIMEOUT = 1800

/**
 * Starts a server before the bench and stops it, and all that it started, with the run. It starts once for all benches of the same
 * options. `{port}` in `args`, `env`, `baseURL`, `target` and `ready` stands for a free port.
 * @param options.command a program, found as a shell would; no shell reads it
 * @param options.env variables beside this process's own; null takes one away
 * @param options.ready `{ url }` that answers 2xx, `{ log }` that a line holds (or matches), or `{ port }` that is open, and a
 *   `timeout` in seconds (default: 1800); left out, the target's list of models answers
 * @param options.baseURL where it speaks the OpenAI API (default: `http://127.0.0.1:{port}/v1`)
 * @param options.target speaks to it in the place of `openai({ baseURL })`
 * @param options.version a text, `{ command, args }` whose last line of output it is, or `{ url, path }` into a JSON document
 * @param options.exclusive stop other launched servers before it starts, and it before another starts (default: false)
 * @param options.stopTimeout seconds between SIGTERM and SIGKILL (default: 10)
 * @param options.name what reports call it (default: the command's)
 * @throws {LlmBenchError} `INVALID_OPTION`
 * @example launch({ command: 'vllm', args: ['serve', 'Qwen/Qwen2.5-7B-Instruct', '--port', '{port}'] })
 */
export function launch(options: LaunchOptions): LaunchTargetSpec {
  return launched(parseOptions(launchOptions, options, 'launch()'), 'launch()')
}

/** Options that were checked. */
type CheckedOptions = Omit<z.output<typeof launchOptions>, 'version'> & { readonly version?: VersionSpec | undefined }

/**
 * The spec of options that were checked.
 * @param call that they were given to, for messages
 */
export function launched({ baseURL, target, ready, name, ...rest }: CheckedOptions, call: string): LaunchTargetSpec {
  const { timeout, ...probe } = ready
  const live = target ?? openai({ baseURL: baseURL ?? 'http://127.0.0.1:{port}/v1' })
  const spec: LaunchTargetSpec = {
    kind: 'launch',
    name: name ?? basename(rest.command),
    ...rest,
    ready: isProbe(probe) ? probe : readyByDefault(live, call),
    readyTimeout: timeout ?? READY_TIMEOUT,
    target: live,
  }
  const told = new Set(portPlaceholders([spec.args, spec.env]))
  const untold = portPlaceholders([spec.target, spec.ready]).find((placeholder) => !told.has(placeholder))
  if (untold !== undefined) {
    throw new LlmBenchError(
      'INVALID_OPTION',
      `${call}: nothing tells the server its port: put '${untold}' into \`args\` or \`env\`, or say which port it takes, ` +
        "in `baseURL` ('http://127.0.0.1:8000/v1') or in the URL of `target`.",
    )
  }
  return spec
}

/** Whether a sign of readiness is named. */
export function isProbe(ready: object): ready is ReadySpec {
  return Object.values(ready).some((value) => value !== undefined)
}

/** A server of the OpenAI API answers for its models once it can take requests; of others only the port is known. */
function readyByDefault(target: LiveTargetSpec, call: string): ReadySpec {
  const baseURL = target.baseURLs[0]?.replace(/\/+$/, '')
  if (baseURL === undefined) {
    throw new LlmBenchError(
      'INVALID_OPTION',
      `${call}: \`ready\` is missing: the target has no URL that could tell when the server is ready.`,
    )
  }
  if (target.kind === 'openai') return { url: `${/\/v\d[^/]*$/.test(baseURL) ? baseURL : `${baseURL}/v1`}/models` }
  return { port: portPlaceholders(baseURL)[0] ?? portOf(baseURL) }
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url)
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}
