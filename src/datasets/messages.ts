import { LlmBenchError } from '../errors.ts'
import type { ChatMessage, DatasetRow } from './dataset.ts'

const ROLES: Readonly<Record<string, ChatMessage['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
}

/** The role of a message by any of its usual names; undefined for others. */
export function roleOf(name: unknown): ChatMessage['role'] | undefined {
  return typeof name === 'string' && Object.hasOwn(ROLES, name) ? ROLES[name] : undefined
}

/** A row of one user message. */
export function rowOfText(text: string): DatasetRow {
  return { messages: [{ role: 'user', content: text }], userTurns: [text] }
}

/**
 * A row from what a file holds for it: a text, or a list of chat messages. The prompt ends with the last user message: an answer
 * after it is no part of it.
 * @param where file, row and column, for messages
 * @throws {LlmBenchError} `DATASET` for anything else
 */
export function rowOf(value: unknown, where: string): DatasetRow {
  if (value === null || value === undefined) throw new LlmBenchError('DATASET', `${where} is null: every row needs a prompt`)
  if (typeof value === 'string') {
    if (value === '') throw new LlmBenchError('DATASET', `${where} is empty: every row needs a prompt`)
    return rowOfText(value)
  }
  if (!Array.isArray(value)) {
    throw new LlmBenchError('DATASET', `${where} is ${kindOf(value)}: expected a text or a list of chat messages ({ role, content })`)
  }
  const messages = value.map((item, index) => messageOfItem(item, `${where}, message ${index}`))
  const last = messages.findLastIndex((message) => message.role === 'user')
  if (last === -1) throw new LlmBenchError('DATASET', `${where} has no user message`)
  return {
    messages: messages.slice(0, last + 1),
    userTurns: messages.filter((message) => message.role === 'user').map((message) => message.content),
  }
}

function messageOfItem(item: unknown, where: string): ChatMessage {
  if (typeof item !== 'object' || item === null) {
    throw new LlmBenchError('DATASET', `${where} is ${kindOf(item)}: expected a chat message ({ role, content })`)
  }
  const { role: name, content } = item as { role?: unknown; content?: unknown }
  const role = roleOf(name)
  if (role === undefined) {
    throw new LlmBenchError('DATASET', `${where} has the role ${JSON.stringify(name) ?? 'undefined'}: expected system, user or assistant`)
  }
  if (typeof content !== 'string') throw new LlmBenchError('DATASET', `${where} has ${kindOf(content)} as its content: expected a text`)
  return { role, content }
}

/** What a value is, for messages. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Uint8Array) return 'binary data'
  if (typeof value === 'object') return value instanceof Date ? 'a date' : 'an object'
  if (typeof value === 'boolean') return 'true or false'
  return typeof value === 'string' ? 'a text' : 'a number'
}
