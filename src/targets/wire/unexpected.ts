import type { IncomingHttpHeaders } from 'node:http'
import type { BodyReader } from './http.ts'
import type { Failure } from './failure.ts'
import { cut, isHTML, messageOfBody } from './failure.ts'

/** Whether an answer with these headers is one that the reader can read. */
export function isExpected(headers: IncomingHttpHeaders, form: BodyReader['form']): boolean {
  if (isEncoded(headers)) return false
  const type = mediaType(headers)
  if (type === '' || type === 'application/octet-stream' || type === 'text/plain') return true
  const isJSON = type === 'application/json' || type.endsWith('+json')
  return form === 'json' ? isJSON : type === 'text/event-stream' || type.includes('ndjson') || type.includes('jsonl')
}

/** What went wrong where an answer is another than the expected one. */
export function unexpectedFailure(status: number, headers: IncomingHttpHeaders, body: string, form: BodyReader['form']): Failure {
  if (isEncoded(headers)) {
    const message = `HTTP ${status} with a body in ${headerText(headers, 'content-encoding')}, which was not asked for`
    return { kind: status < 300 ? 'protocol' : 'http', message }
  }
  const said = messageOfBody(body)
  const details = said === '' ? '' : `: ${said}`
  if (status >= 300) {
    return { kind: 'http', message: `HTTP ${status}${hintOf(status, headers)}${details}` }
  }
  const type = mediaType(headers)
  if (isHTML(body) || type === 'text/html') return { kind: 'protocol', message: `HTTP ${status} with ${said}` }
  if (form === 'stream' && hasError(body)) return { kind: 'server', message: said }
  return {
    kind: 'protocol',
    message: `HTTP ${status} with ${type} where ${form === 'stream' ? 'an event stream' : 'JSON'} was expected${details}`,
  }
}

function hintOf(status: number, headers: IncomingHttpHeaders): string {
  if (status === 407) return ' (give the user and password in `proxy`, as in http://user:password@host:port)'
  const retryAfter = headerText(headers, 'retry-after')
  if (retryAfter !== '') return ` (Retry-After: ${retryAfter})`
  const location = headerText(headers, 'location')
  return status < 400 && location !== '' ? ` (to ${location}: use that URL)` : ''
}

function hasError(body: string): boolean {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null && ('error' in parsed || (parsed as { object?: unknown }).object === 'error')
  } catch {
    return false
  }
}

function isEncoded(headers: IncomingHttpHeaders): boolean {
  const encoding = headerText(headers, 'content-encoding').toLowerCase()
  return encoding !== '' && encoding !== 'identity'
}

function mediaType(headers: IncomingHttpHeaders): string {
  return headerText(headers, 'content-type').split(';', 1)[0]!.trim().toLowerCase()
}

/** A header's value, in at most 200 characters; the first where it came several times, '' where it did not come. */
function headerText(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  return cut((Array.isArray(value) ? value[0] : value) ?? '')
}
