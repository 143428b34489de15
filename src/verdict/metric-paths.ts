import { nearest, show } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import { type MetricDefinition, METRICS } from '../metrics/metric-names.ts'

const NAMES = [...METRICS.keys()]

/**
 * Flattens what a matcher takes, nested (`{ ttft: { p99: … } }`) or dotted (`{ 'ttft.p99': … }`), into metrics and what is
 * said of each.
 * @param matcher for messages: `toMeetSLO()`
 * @param otherNames what else the matcher takes at the top, for messages
 * @throws {LlmBenchError} `UNKNOWN_METRIC` for a name that is none, with the nearest one, else the names of that place;
 *   `INVALID_THRESHOLD` for a group without a statistic and for a metric that is named twice
 */
export function flattenMetrics(
  input: object,
  matcher: string,
  otherNames: readonly string[] = [],
): { metric: MetricDefinition; value: unknown }[] {
  const found = new Map<MetricDefinition, unknown>()
  visit(input, '')
  return [...found].map(([metric, value]) => ({ metric, value }))

  function visit(group: object, path: string): void {
    for (const [key, value] of Object.entries(group) as [string, unknown][]) {
      const name = path === '' ? key : `${path}.${key}`
      const metric = METRICS.get(name)
      if (metric) {
        if (found.has(metric)) throw new LlmBenchError('INVALID_THRESHOLD', `${matcher} names \`${name}\` twice`)
        found.set(metric, value)
      } else if (membersOf(name).length === 0) {
        throw unknownMetric(key, path, matcher, path === '' ? otherNames : [])
      } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        visit(value, name)
      } else {
        const members = membersOf(name)
        const [parent, member] = METRICS.has(`${name}.p99`) ? ['statistic', 'p99'] : ['metric', members[0]!]
        throw new LlmBenchError(
          'INVALID_THRESHOLD',
          `\`${name}\` is ${show(value)}, but has several figures: name the ${parent}, as in { '${name}.${member}': … }; it takes: ${members.join(', ')}`,
        )
      }
    }
  }
}

/** An unknown name's error. */
function unknownMetric(key: string, path: string, matcher: string, otherNames: readonly string[]): LlmBenchError {
  const members = [...membersOf(path), ...otherNames]
  const near = nearest(key, key.includes('.') ? namesUnder(path) : members)
  const place = path === '' ? matcher : `\`${path}\``
  return new LlmBenchError(
    'UNKNOWN_METRIC',
    `${place} has no metric \`${key}\`: ${near ? `did you mean \`${near}\`?` : `it takes: ${members.join(', ')}`}`,
  )
}

/** All dotted names below a path. */
function namesUnder(path: string): string[] {
  return path === '' ? NAMES : NAMES.filter((name) => name.startsWith(`${path}.`)).map((name) => name.slice(path.length + 1))
}

/** The keys that a path takes next. A statistic's own dot (p99.9) separates nothing. */
function membersOf(path: string): string[] {
  return [...new Set(namesUnder(path).map((name) => (/^p[\d.]+$/.test(name) ? name : name.split('.', 1)[0]!)))]
}
