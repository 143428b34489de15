import { parseArgs } from 'node:util'
import { z } from 'zod'
import { nearest } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'

/** A command-line flag. */
export interface Flag {
  /** Name of the option it sets. */
  readonly name: string
  /** What it takes; a boolean takes nothing, `texts` may be given several times. */
  readonly type: 'boolean' | 'text' | 'texts' | 'value' | 'list'
  readonly description: string
  readonly default?: string | undefined
}

/** What can't be set from the command line: it says how a bench uses the server. */
const NOT_FLAGS = new Set(['endpoint'])

/** A flag for each option of a schema, with its description and default. */
export function flagsOf(schema: z.ZodObject): Flag[] {
  return Object.entries(schema.shape)
    .filter(([name]) => !NOT_FLAGS.has(name))
    .map(([name, field]) => ({
      name,
      type: typeOf(field as z.ZodType),
      description: (field as z.ZodType).description ?? '',
      default: defaultOf(field as z.ZodType),
    }))
}

/** What a command was given. */
interface Arguments {
  /** By the names of the flags. */
  readonly options: Record<string, unknown>
  /** All that is no flag, in order. */
  readonly operands: readonly string[]
}

/**
 * Reads flags into the options that they set; what they may be is the schema's to say.
 * @param mostOperands how many arguments may stand beside the flags
 * @throws {LlmBenchError} `USAGE` for a flag that there is not, one without its value, and for too many operands
 */
export function parseArguments(args: readonly string[], flags: readonly Flag[], command: string, mostOperands = 0): Arguments {
  const byKey = new Map(flags.map((flag) => [kebab(flag.name), flag]))
  for (const arg of args) {
    const key = /^--([^=]+)/.exec(arg)?.[1]
    if (key === undefined || byKey.has(key)) continue
    const near = nearest(key, [...byKey.keys()])
    throw new LlmBenchError(
      'USAGE',
      `${command} has no option --${key}: ${near === undefined ? `see ${command} --help` : `did you mean --${near}?`}`,
    )
  }
  const options = Object.fromEntries(
    flags.map(({ name, type }) => [kebab(name), { type: type === 'boolean' ? type : 'string', multiple: type === 'texts' } as const]),
  )
  let parsed: { values: Record<string, unknown>; positionals: string[] }
  try {
    parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
  } catch (error) {
    throw new LlmBenchError('USAGE', `${command}: ${(error as Error).message.split(/[.\n]/)[0]!}; see ${command} --help`)
  }
  const excess = parsed.positionals[mostOperands]
  if (excess !== undefined) throw new LlmBenchError('USAGE', `${command} has no use for ${JSON.stringify(excess)}: see ${command} --help`)
  const given = Object.entries(parsed.values).map(([key, value]) => {
    const flag = byKey.get(key)!
    return [flag.name, typeof value === 'string' ? read(value, flag, command) : value]
  })
  return { options: Object.fromEntries(given) as Record<string, unknown>, operands: parsed.positionals }
}

/** Flags as `--help` lists them. */
export function describeFlags(flags: readonly Flag[]): string {
  const heads = flags.map(({ name, type }) => `  --${kebab(name)}${type === 'boolean' ? '' : ' …'}`)
  const width = Math.max(...heads.map((head) => head.length)) + 2
  return flags
    .map((flag, i) => `${heads[i]!.padEnd(width)}${flag.description}${flag.default === undefined ? '' : ` (default: ${flag.default})`}`)
    .join('\n')
}

function read(text: string, { name, type }: Flag, command: string): unknown {
  if (type === 'text') return text
  if (type === 'list') return readList(text, name, command)
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}

/** `reset=2%,http500=0.01`, or JSON. */
function readList(text: string, name: string, command: string): unknown {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text)
    } catch {
      throw new LlmBenchError('USAGE', `${command}: --${kebab(name)} is no JSON: ${text}`)
    }
  }
  return Object.fromEntries(
    text.split(',').map((entry) => {
      const [key = '', value] = entry.split('=')
      if (value === undefined) {
        throw new LlmBenchError('USAGE', `${command}: --${kebab(name)} takes name=share,… or JSON, and was given ${JSON.stringify(text)}`)
      }
      return [key.trim(), Number.isNaN(Number(value)) ? value : Number(value)]
    }),
  )
}

function typeOf(field: z.ZodType): Flag['type'] {
  if (field instanceof z.ZodOptional || field instanceof z.ZodDefault || field instanceof z.ZodPrefault) {
    return typeOf(field.unwrap() as z.ZodType)
  }
  if (field instanceof z.ZodBoolean) return 'boolean'
  if (field instanceof z.ZodString) return 'text'
  if (field instanceof z.ZodArray) return 'texts'
  return field instanceof z.ZodObject ? 'list' : 'value'
}

function defaultOf(field: z.ZodType): string | undefined {
  if (!(field instanceof z.ZodDefault)) return undefined
  const value = field.def.defaultValue
  return value === false || (Array.isArray(value) && value.length === 0) ? undefined : String(value)
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
