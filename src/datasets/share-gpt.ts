import { basename } from 'node:path'
import { LlmBenchError } from '../errors.ts'
import type { ShareGPTSpec } from '../dsl/datasets.ts'
import type { ChatMessage, DatasetContext, DatasetRow } from './dataset.ts'
import { kindOf, roleOf } from './messages.ts'
import { existingFile } from './read-file.ts'
import { readJSONArray } from './read-json-array.ts'
import { lengthNotes } from './rows.ts'
import type { LoadedRows } from './rows.ts'
import { createRandom, permutation } from './sampling.ts'
import type { Tokenizer } from './tokenizer.ts'

/** The first turns of one conversation: user, answer, user, answer, …; who speaks goes by place. */
interface Conversation {
  readonly system: string | undefined
  readonly texts: readonly string[]
}

/**
 * Reads ShareGPT-shaped conversations.
 * @throws {LlmBenchError} `DATASET` for a file that is not of this form, or of which nothing is left
 */
export async function loadShareGPT(spec: ShareGPTSpec, context: DatasetContext): Promise<LoadedRows> {
  const file = await existingFile(spec.path, context.root)
  const turns = Math.max(spec.turns, context.turns ?? 1)
  const conversations: Conversation[] = []
  let read = 0
  for await (const value of readJSONArray(file)) {
    const conversation = conversationOf(value, turns, `${file}, conversation ${read}`)
    if (conversation.texts.length === 2 * turns) conversations.push(conversation)
    read += 1
  }
  const tokenizer = await context.tokenizer()
  const reasons = { short: 0, prompt: 0, total: 0 }
  const rows: DatasetRow[] = []
  const limit = context.limit ?? Infinity
  let seen = 0
  // The order is drawn first and filtered after, so that a limit ends the counting of tokens early and still takes the same rows.
  const order = spec.shuffle ? permutation(conversations.length, createRandom(spec.seed)) : conversations.keys()
  for (const index of order) {
    if (rows.length >= limit) break
    seen += 1
    const row = rowOfConversation(conversations[index]!, tokenizer)
    const verdict = leftOut(row, spec)
    if (verdict === undefined) rows.push(row)
    else reasons[verdict] += 1
  }
  const notes = describe({ read, seen, few: read - conversations.length, turns, ...reasons }, spec)
  if (rows.length === 0) {
    throw new LlmBenchError('DATASET', `dataset ${file} leaves no conversation to use: ${read === 0 ? 'it has none' : notes.join('; ')}`)
  }
  return { name: `sharegpt ${basename(file)}`, rows, notes: [...notes, ...lengthNotes(tokenizer)] }
}

function conversationOf(value: unknown, turns: number, where: string): Conversation {
  const list = (value as { conversations?: unknown } | null)?.conversations
  if (!Array.isArray(list)) {
    const found =
      typeof value === 'object' && value !== null && !Array.isArray(value) ? `keys: ${Object.keys(value).join(', ')}` : kindOf(value)
    throw new LlmBenchError(
      'DATASET',
      `${where} has no list \`conversations\` (${found}): expected { id, conversations: [{ from, value }, …] }`,
    )
  }
  const first = list[0] as { from?: unknown } | null | undefined
  const start = roleOf(first?.from) === 'system' ? 1 : 0
  const texts = list.slice(0, start + 2 * turns).map((item: unknown, index) => {
    const text = (item as { value?: unknown } | null)?.value
    if (typeof text === 'string') return text
    throw new LlmBenchError('DATASET', `${where}: message ${index} has ${kindOf(text)} as its \`value\`: expected a text`)
  })
  return { system: start === 1 ? texts[0] : undefined, texts: texts.slice(start) }
}

function rowOfConversation({ system, texts }: Conversation, tokenizer: Tokenizer): DatasetRow {
  const counts = texts.map((text) => tokenizer.count(text))
  const answers = counts.filter((_, index) => index % 2 === 1)
  const messages = texts.slice(0, -1).map((content, index): ChatMessage => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }))
  return {
    messages: system === undefined ? messages : [{ role: 'system', content: system }, ...messages],
    userTurns: texts.filter((_, index) => index % 2 === 0),
    outputTokens: answers,
    promptTokens: counts.slice(0, -1).reduce((sum, count) => sum + count, system === undefined ? 0 : tokenizer.count(system)),
  }
}

function leftOut(row: DatasetRow, spec: ShareGPTSpec): 'short' | 'prompt' | 'total' | undefined {
  const { promptTokens = 0, outputTokens = [] } = row
  if (promptTokens < spec.minTokens || outputTokens.some((tokens) => tokens < spec.minTokens)) return 'short'
  if (promptTokens > (spec.maxPromptTokens ?? Infinity)) return 'prompt'
  if (promptTokens + (outputTokens.at(-1) ?? 0) > (spec.maxTotalTokens ?? Infinity)) return 'total'
  return undefined
}

interface LeftOut {
  readonly read: number
  readonly seen: number
  readonly few: number
  readonly turns: number
  readonly short: number
  readonly prompt: number
  readonly total: number
}

function describe({ read, seen, few, turns, short, prompt, total }: LeftOut, spec: ShareGPTSpec): string[] {
  const notes: string[] = []
  if (few > 0) notes.push(`${few} of ${read} conversations left out for having fewer than ${2 * turns} messages`)
  const rest: string[] = []
  if (short > 0) rest.push(`${short} for a prompt or answer under ${spec.minTokens} tokens`)
  if (prompt > 0) rest.push(`${prompt} for a prompt over ${spec.maxPromptTokens} tokens`)
  if (total > 0) rest.push(`${total} for more than ${spec.maxTotalTokens} tokens in all`)
  if (rest.length > 0) notes.push(`of ${seen} conversations looked at, left out: ${rest.join(', ')}`)
  return notes
}
