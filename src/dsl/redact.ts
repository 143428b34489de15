const SECRET_NAME = /auth(?!or(?!iz))|api[-_]?key|(?:^|[-_])keys?$|token$|secret|passw(?:or)?d|cookie|credential/i
const SECRET_CAMEL_NAME = /[a-z]Keys?$/
const HIDDEN = '***'
/** What variables of secret-looking names may hold without being a secret. */
const PLAIN_WORD = /^(?:true|false|none|null|auto|default|\d{1,6})$/i

/** Is told of each secret that is hidden. */
type OnSecret = (secret: string) => void

/**
 * A copy of a spec that is fit for a report, a log or a digest: API keys, secret headers and variables, those among the arguments
 * of a command, and the credentials and query of a URL are replaced by `***`.
 */
export function redact<Value>(value: Value): Value {
  return redactAt('', value) as Value
}

/** The same for the value of an option of the given name. */
export function redactAt(name: string, value: unknown, onSecret: OnSecret = () => {}): unknown {
  if (value === undefined || value === null) return value
  if (isSecretName(name) && typeof value !== 'number' && typeof value !== 'boolean') {
    for (const secret of textsIn(value)) onSecret(secret)
    return Array.isArray(value) ? value.map(() => HIDDEN) : HIDDEN
  }
  if (typeof value === 'string') return withoutCredentials(value, onSecret)
  if (name === 'args' && isTextList(value)) return redactArguments(value, onSecret)
  if (Array.isArray(value)) return value.map((item) => redactAt('', item, onSecret))
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactAt(key, item, onSecret)]))
  }
  return value
}

/** What {@link redact} takes out of a value. */
export function secretsIn(value: unknown): string[] {
  const secrets = new Set<string>()
  redactAt('', value, (secret) => secrets.add(secret))
  return [...secrets]
}

/** What the variables of an environment hold that are secrets by their names. */
export function secretsInEnvironment(env: Readonly<Record<string, string | null | undefined>>): string[] {
  return secretsIn(env).filter((secret) => !PLAIN_WORD.test(secret))
}

/** A URL, or what stands where one should, without its user name, password and query; any other text unchanged. */
export function redactURL(text: string): string {
  return withoutCredentials(text, () => {})
}

function withoutCredentials(text: string, onSecret: OnSecret): string {
  const [, credentials, bare] = /^([^\s/:@]+:[^\s/@][^\s@]*)@(\S+)$/.exec(text) ?? []
  if (credentials !== undefined) {
    for (const secret of credentials.split(/:(.*)/s, 2)) onSecret(secret)
    return `${HIDDEN}@${bare}`
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text) || !URL.canParse(text)) return text
  const url = new URL(text)
  const { username, password, search, searchParams } = url
  if (username === '' && password === '' && search === '') return text
  for (const secret of [username, password, plain(username), plain(password), ...searchParams.values()]) {
    if (secret !== '') onSecret(secret)
  }
  if (username !== '') url.username = HIDDEN
  url.password = ''
  if (search !== '') url.search = `?${HIDDEN}`
  return url.href
}

function plain(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}

/** `--api-key`, whose value is the next argument. */
const FLAG = /^--?([\w-]+)$/
/** `NAME=value` and `--name=value`, alone or within a script. */
const ASSIGNED = /((?:^|[\s;&|"'(])-{0,2}([A-Za-z_][\w-]*)=)("[^"]*"|'[^']*'|[^\s;&|"')]+)/g
/** `--name value` within a script. */
const FLAG_AND_VALUE = /((?:^|\s)--?([A-Za-z][\w-]*)\s+)("[^"]*"|'[^']*'|[^\s;&|"')-][^\s;&|"')]*)/g

/** The arguments of a command without the secrets among them. */
function redactArguments(args: readonly string[], onSecret: OnSecret): string[] {
  const hide = (text: string, before: string, name: string, value: string): string => {
    if (!isSecretName(name)) return text
    onSecret(value.replaceAll(/^["']|["']$/g, ''))
    return before + HIDDEN
  }
  return args.map((arg, i) => {
    const flag = FLAG.exec(args[i - 1] ?? '')?.[1]
    if (flag !== undefined && isSecretName(flag) && !arg.startsWith('-')) {
      onSecret(arg)
      return HIDDEN
    }
    return withoutCredentials(arg, onSecret).replaceAll(ASSIGNED, hide).replaceAll(FLAG_AND_VALUE, hide)
  })
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) || SECRET_CAMEL_NAME.test(name)
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
