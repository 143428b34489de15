import { z } from 'zod'
import { LlmBenchError } from '../errors.ts'
import { redactAt } from './redact.ts'

/**
 * Checks a call's options against its schema.
 * @throws {LlmBenchError} `INVALID_OPTION`: names the call, the option, the value and what is allowed.
 */
export function parseOptions<Schema extends z.ZodType>(schema: Schema, options: unknown, call: string): z.output<Schema> {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const reported = new Set<string>()
  const problems = parsed.error.issues.flatMap((issue) => {
    // A value that breaks two rules is one bad option: the first rule says enough.
    const place = JSON.stringify(issue.path)
    if (issue.path.length > 0 && issue.code !== 'unrecognized_keys' && reported.has(place)) return []
    reported.add(place)
    return describeIssue(issue, options, call, schema)
  })
  throw new LlmBenchError(
    'INVALID_OPTION',
    problems.length === 1 ? problems[0]! : `${call} has ${problems.length} bad options:\n  - ${problems.join('\n  - ')}`,
  )
}

function describeIssue(issue: z.core.$ZodIssue, options: unknown, call: string, schema: z.ZodType): string[] {
  if (issue.code === 'unrecognized_keys') {
    const known = optionNames(schemaAt(schema, issue.path))
    return issue.keys.map((key) => {
      const near = nearest(key, known)
      const hint = near ? `did you mean \`${near}\`?` : known.length > 0 ? `it takes: ${known.join(', ')}` : 'it takes no such option'
      return `${call} has no option \`${[...issue.path, key].join('.')}\`: ${hint}`
    })
  }
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], options)
  const message = messageOfIssue(issue)
  if (issue.path.length > 0) return [`${call}: \`${issue.path.join('.')}\` is ${showRedacted(value, issue.path)}: ${message}`]
  if (value === undefined) return [`${call} was called without options: ${neededBy(schema) ?? message}`]
  return [`${call} was given ${showRedacted(value, [])}: ${message}`]
}

/** Error messages end in logs that others read: no key or password may stand in them. */
function showRedacted(value: unknown, path: readonly PropertyKey[]): string {
  let plain = value
  if (typeof value === 'object' && value !== null) {
    try {
      plain = JSON.parse(JSON.stringify(value))
    } catch {
      return show(value)
    }
  }
  return show(path.reduceRight((inner, key) => redactAt(String(key), inner), redactAt('', plain)))
}

const EXPECTED: Readonly<Record<string, string>> = {
  object: 'an object of options',
  array: 'a list',
  record: 'an object',
  string: 'a text',
}

/** Zod's own words speak of types where ours speak of what to write. */
function messageOfIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
    return `expected ${EXPECTED[issue.expected] ?? issue.expected}`
  }
  if (issue.code !== 'invalid_union') return issue.message
  // Of the forms that an option may have, the one that came furthest knows best what is wrong.
  const branches = issue.errors.filter((branch) => branch.length > 0)
  const deepest = branches.toSorted((a, b) => b[0]!.path.length - a[0]!.path.length)[0]?.[0]
  return issue.message.startsWith('Invalid input') && deepest !== undefined ? messageOfIssue(deepest) : issue.message
}

/** The options that can't be left out; undefined where there is none. */
function neededBy(schema: z.ZodType): string | undefined {
  const object = objectIn(schema)
  const fields = object instanceof z.ZodObject ? Object.entries(object.shape) : []
  const needed = fields.filter(([, field]) => !field.safeParse(undefined).success).map(([name]) => `\`${name}\``)
  return needed.length === 0 ? undefined : `it needs ${needed.join(' and ')}`
}

function optionNames(schema: z.ZodType | undefined): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

/** The schema of an object that stands at a path within the options. */
function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  const inner = objectIn(schema)
  const [first, ...rest] = path
  if (first === undefined) return inner
  const next = inner instanceof z.ZodObject ? (inner.shape as Record<PropertyKey, z.ZodType | undefined>)[first] : undefined
  return next === undefined ? undefined : schemaAt(next, rest)
}

/** The object that a schema holds under defaults, transforms and other forms. */
function objectIn(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) return objectIn(schema.in as z.ZodType)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return objectIn(schema.unwrap() as z.ZodType)
  }
  if (schema instanceof z.ZodUnion)
    return (schema.options as z.ZodType[]).map(objectIn).find((option) => option instanceof z.ZodObject) ?? schema
  return schema
}

/** A value as it stands in an error message; long ones are cut. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number' || typeof value === 'symbol') return String(value)
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch {
    text = undefined
  }
  if (text === undefined) return 'an object that JSON cannot hold'
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

/** The known name that a misspelt one most likely meant, if any is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  // Fewer changes than letters, or a one-letter option would be near to every short name.
  let bestDistance = Math.min(Math.max(2, Math.floor(name.length / 3)), name.length - 1) + 1
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}

const DURATION = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)\s*$/
const UNIT_SECONDS = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600 } as const

type Duration = z.ZodPipe<z.ZodUnion<readonly [z.ZodNumber, z.ZodString]>, z.ZodTransform<number, string | number>>

/** A time in the given unit of seconds, which a bare number has too; a string carries its own. */
function duration(unit: string, unitSeconds: number): Duration {
  const forms = `or a string such as "500ms", "1.5s" or "2m"`
  return z.union([z.number(), z.string()], { error: `expected a number of ${unit}, ${forms}` }).transform((value, context) => {
    const match = typeof value === 'string' ? DURATION.exec(value) : undefined
    const text = match ? (Number(match[1]) * UNIT_SECONDS[match[2] as keyof typeof UNIT_SECONDS]) / unitSeconds : Number.NaN
    const result = typeof value === 'number' ? value : text
    if (Number.isFinite(result) && result >= 0) return result
    context.addIssue({ code: 'custom', message: `expected a number of ${unit} from 0, ${forms}` })
    return z.NEVER
  })
}

/** Seconds: a bare number, or a string with its unit ('500ms', '1.5s', '2m'). */
export const seconds = duration('seconds', 1)

/** More than zero seconds. */
export const positiveSeconds = seconds.refine((value) => value > 0, { error: 'expected more than 0 seconds' })

/** Milliseconds: a bare number, or a string with its unit. */
export const milliseconds = duration('milliseconds', 0.001)

/** More than zero milliseconds. */
export const positiveMilliseconds = milliseconds.refine((value) => value > 0, { error: 'expected more than 0 milliseconds' })

const SHARE = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/

/** A share: a number from 0 to 1, or a string in percent ('5%'). */
export const share = z
  .union([z.number(), z.string()], { error: 'expected a share from 0 to 1, or a string such as "5%"' })
  .transform((value, context) => {
    const result = typeof value === 'number' ? value : Number(SHARE.exec(value)?.[1] ?? Number.NaN) / 100
    if (result >= 0 && result <= 1) return result
    context.addIssue({ code: 'custom', message: 'expected a share from 0 to 1, or a string such as "5%"' })
    return z.NEVER
  })

/** A whole number of at least `min`. */
export function wholeNumber(min: number): z.ZodInt {
  return z.int({ error: `expected a whole number from ${min}` }).min(min, { error: `expected a whole number from ${min}` })
}

/** A finite number within bounds. */
export function numberWithin(min: number, max = Number.MAX_VALUE): z.ZodNumber {
  const error = max === Number.MAX_VALUE ? `expected a number from ${min}` : `expected a number from ${min} to ${max}`
  return z.number({ error }).min(min, { error }).max(max, { error })
}

export const nonEmptyString = z.string({ error: 'expected a text' }).min(1, { error: 'expected a text that is not empty' })

export const boolean = z.boolean({ error: 'expected true or false' })

/** One value or a list of them, as a list. */
export function oneOrMore<Item extends z.ZodType>(
  item: Item,
): z.ZodPipe<z.ZodUnion<[Item, z.ZodArray<Item>]>, z.ZodTransform<z.output<Item>[], z.output<Item> | z.output<Item>[]>> {
  return z
    .union([item, z.array(item).min(1, { error: 'expected at least one value' })])
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<Item>[]) as never
}
