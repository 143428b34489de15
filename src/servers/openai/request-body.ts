import { z } from 'zod'
import type { PromptMessage } from '../../engines/llama/prompt-tokens.ts'
import { ApiError } from './api-error.ts'

/** What both endpoints ask for, in one form. */
export interface GenerationRequest {
  readonly endpoint: 'chat' | 'completions'
  readonly model: string | undefined
  readonly prompt: readonly PromptMessage[] | string | readonly number[]
  /** Absent: as many as the context has room for. */
  readonly maxTokens: number | undefined
  readonly minTokens: number
  readonly ignoreEos: boolean
  readonly temperature: number | undefined
  readonly topP: number | undefined
  readonly topK: number | undefined
  readonly seed: number | undefined
  readonly stop: readonly string[]
  readonly n: number
  readonly stream: boolean
  readonly includeUsage: boolean
}

/** OpenAI's own default for completions. */
const COMPLETION_TOKENS = 16
const MAX_CHOICES = 128
const MAX_STOPS = 16

const wholeFrom = (min: number): z.ZodOptional<z.ZodNullable<z.ZodInt>> => z.int().min(min).nullish()
const stopString = z.string().min(1)

// Fields that it does not know are left alone, as other servers do: clients send many.
const common = {
  model: z.string().nullish(),
  max_tokens: wholeFrom(1),
  min_tokens: wholeFrom(0),
  ignore_eos: z.boolean().nullish(),
  temperature: z.number().min(0).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: wholeFrom(-1),
  seed: z.int().nullish(),
  stop: z.union([stopString, z.array(stopString).max(MAX_STOPS)]).nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
}

const content = z.union([z.string(), z.array(z.looseObject({ type: z.literal('text'), text: z.string() }))])
const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: content.nullish(),
})

const chatBody = z.looseObject({ ...common, messages: z.array(message).min(1), max_completion_tokens: wholeFrom(1) })
const completionBody = z.looseObject({
  ...common,
  prompt: z.union([z.string(), z.array(z.int().min(0)).min(1), z.array(z.string()).length(1)]),
})

/**
 * Reads the body of a request.
 * @throws {ApiError} 400, which names the field
 */
export function parseGenerationRequest(endpoint: 'chat' | 'completions', body: string): GenerationRequest {
  const json = parseJSON(body)
  if (endpoint === 'chat') {
    const { messages, max_completion_tokens: maxCompletionTokens, ...rest } = check(chatBody, json)
    const prompt = messages.map(({ role, content }) => ({ role, content: textOf(content) }))
    return { endpoint, prompt, ...commonOf(rest, maxCompletionTokens ?? rest.max_tokens ?? undefined) }
  }
  const { prompt, ...rest } = check(completionBody, json)
  const [only] = typeof prompt === 'string' ? [prompt] : prompt
  return {
    endpoint,
    prompt: typeof only === 'string' ? only : (prompt as readonly number[]),
    ...commonOf(rest, rest.max_tokens ?? COMPLETION_TOKENS),
  }
}

function commonOf(
  body: z.output<z.ZodObject<typeof common>>,
  maxTokens: number | undefined,
): Omit<GenerationRequest, 'endpoint' | 'prompt'> {
  const minTokens = body.min_tokens ?? 0
  if (maxTokens !== undefined && minTokens > maxTokens) {
    throw new ApiError(400, `min_tokens (${minTokens}) is more than max_tokens (${maxTokens})`, { param: 'min_tokens' })
  }
  const stream = body.stream ?? false
  if (body.stream_options && !stream) {
    throw new ApiError(400, 'stream_options needs stream: true', { param: 'stream_options' })
  }
  const { stop } = body
  return {
    model: body.model ?? undefined,
    maxTokens,
    minTokens,
    ignoreEos: body.ignore_eos ?? false,
    temperature: body.temperature ?? undefined,
    topP: body.top_p ?? undefined,
    topK: body.top_k ?? undefined,
    seed: body.seed ?? undefined,
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    n: body.n ?? 1,
    stream,
    includeUsage: body.stream_options?.include_usage ?? false,
  }
}

function parseJSON(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new ApiError(400, 'the body is not JSON')
  }
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  const param = path.join('.')
  throw new ApiError(400, param === '' ? `the body: ${message}` : `${param}: ${message}`, param === '' ? {} : { param })
}

function textOf(content: z.output<typeof message>['content']): string {
  if (typeof content === 'string') return content
  return content?.map(({ text }) => text).join('') ?? ''
}
