const SECRET_NAME = /auth(?!or(?!iz))|api[-_]?key|(?:^|[-_])keys?$|token$|secret|passw(?:or)?d|cookie|credential/i
const SECRET_CAMEL_NAME = /[a-z]Keys?$/

/**
 * A copy of a spec that is fit for a report, a log or a digest: API keys, secret headers, and the credentials and query
 * of a URL are replaced by `***`.
 */
export function redact<Value>(value: Value): Value {
  return redactAt('', value) as Value
}

/** The same for the value of an option of the given name. */
export function redactAt(name: string, value: unknown): unknown {
  if (value === undefined || value === null) return value
  if ((SECRET_NAME.test(name) || SECRET_CAMEL_NAME.test(name)) && typeof value !== 'number' && typeof value !== 'boolean') {
    return Array.isArray(value) ? value.map(() => '***') : '***'
  }
  if (typeof value === 'string') return redactURL(value)
  if (Array.isArray(value)) return value.map((item) => redactAt('', item))
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactAt(key, item)]))
  }
  return value
}

/** A URL, or what stands where one should, without its user name, password and query; any other text unchanged. */
export function redactURL(text: string): string {
  const bare = /^[^\s/:@]+:[^\s/@][^\s@]*@(\S+)$/.exec(text)?.[1]
  if (bare !== undefined) return `***@${bare}`
  if (!/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text) || !URL.canParse(text)) return text
  const url = new URL(text)
  if (url.username === '' && url.password === '' && url.search === '') return text
  if (url.username !== '') url.username = '***'
  url.password = ''
  if (url.search !== '') url.search = '?***'
  return url.href
}
