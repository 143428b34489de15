import { cut, errorMessageOf, isRecord, WireError } from './wire/failure.ts'

/** A JSON object. */
export type JSONObject = Readonly<Record<string, unknown>>

/**
 * The object that a text is.
 * @throws {WireError} `protocol` where it is none
 */
export function parseObject(json: string): JSONObject {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new WireError('protocol', `the server sent what is not JSON: ${cut(json)}`)
  }
  if (!isRecord(value)) throw new WireError('protocol', `the server sent JSON that is no object: ${cut(json)}`)
  return value
}

/** An error under HTTP 200: `{"error": …}`, `{"object": "error", …}`, or FastDeploy's `{…, "code": 400}`; absent where it is none. */
export function errorIn(value: JSONObject): string | undefined {
  const { error, code } = value
  const hasCode = typeof code === 'number' && code >= 400
  if ((error === undefined || error === null || error === false || error === '') && value.object !== 'error' && !hasCode) return undefined
  const message = errorMessageOf(value) ?? 'the server reported an error without a message'
  return cut(hasCode ? `${message} (code ${code})` : message)
}

/** Whether a value is a number of something. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

/** A number of something; 0 where none is told, as `AnswerSink.usage` takes it. */
export function countOf(value: unknown): number {
  return isCount(value) ? value : 0
}

/** The text that an object has under a key; absent where it is none, or empty. */
export function textAt(value: unknown, key: string): string | undefined {
  const text = isRecord(value) ? value[key] : undefined
  return typeof text === 'string' && text !== '' ? text : undefined
}
