import { canonicalJSON, digestOf, loadOf } from '../dsl/digest.ts'
import { redact } from '../dsl/redact.ts'
import type { WorkloadSpec } from '../dsl/workload-spec.ts'
import type { TargetFacts } from '../files/run-report.ts'
import { present } from '../metrics/present.ts'
import type { RunMetrics } from '../metrics/summary-types.ts'
import { withoutAxes } from '../verdict/cohort.ts'
import type { Cohort } from '../verdict/cohort.ts'
import { engineFlags } from './engine-flags.ts'
import { withoutPlaces } from './machine-paths.ts'
import { modelFileOf } from './model-file.ts'
import type { Subject } from './resolve-subject.ts'

/** What a cohort is made of. */
export interface CohortFacts {
  readonly workload: WorkloadSpec
  readonly subject: Subject
  readonly target: TargetFacts
  readonly metrics: RunMetrics
  /** Of a model's files that lie on this machine. */
  readonly modelDigest?: string | undefined
  /** What the user told of the environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Axes that are left out; those of the environment also by their bare names. */
  readonly ignore: readonly string[]
  /** Vitest's root. */
  readonly root: string
}

/**
 * The cohort of a run: the load, the data, the model, the engine with its version and flags, the tokenizer and what the user told of the
 * environment. Addresses, ports, keys and paths of this machine are no part of it, and neither is how the load is measured.
 */
export function cohortOf({ workload, subject, target, metrics, modelDigest, environment, ignore, root }: CohortFacts): Cohort {
  const requests = metrics.kind === 'requests' ? metrics : undefined
  const engine = engineOf(subject, target)
  const axes: Record<string, string> = {
    ...axesOf('workload', loadOf(workload)),
    ...axesOf('target', targetOptions(subject)),
    ...present({
      dataset: requests?.dataset.digest,
      device: target.device,
      target: targetKind(subject),
      model: modelFileOf(subject) ?? target.model,
      'model.digest': modelDigest,
      'engine.name': engine.name,
      'engine.version': engine.version,
      'engine.flags': engineFlags(subject),
      tokenizer: requests?.tokens.tokenizer,
    }),
    ...axesOf('environment', environment),
  }
  return Object.fromEntries(
    Object.entries(withoutAxes(axes, ignore))
      .map(([axis, value]) => [axis, withoutPlaces(value, root)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** What is said of a load besides: the data go by their content, wherever they lie, and so do tokenizers by their names. */
const LOCATIONS = new Set(['workload.dataset.path', 'workload.dataset.prompts', 'workload.tokenizer'])

/** One axis for each option, nested ones dotted: a difference then names the option. */
function axesOf(name: string, value: unknown): Record<string, string> {
  if (value === undefined || LOCATIONS.has(name)) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { [name]: axisText(value) }
  return Object.assign({}, ...Object.entries(value).map(([key, item]) => axesOf(`${name}.${key}`, item))) as Record<string, string>
}

/** A system prompt may be pages long: its beginning tells which one it is, its digest whether it is the same. */
const LONGEST = 120
const SHOWN = 60

function axisText(value: unknown): string {
  const text = typeof value === 'string' ? value : canonicalJSON(value)
  return text.length > LONGEST ? `${text.slice(0, SHOWN)}… (${digestOf(text)})` : text
}

/** How the subject is spoken to: a launched server's own name is a label. */
function targetKind(subject: Subject): string {
  if (subject.kind === 'engine') return subject.engine.kind
  return subject.target.kind === 'launch' ? subject.target.target.kind : subject.target.kind
}

/** Options that say where a target is, who asks, and how long is waited: no part of the load. */
const NOT_LOAD = new Set([
  'kind',
  'model',
  'baseURLs',
  'apiKeys',
  'headers',
  'timeout',
  'idleTimeout',
  'tokenizer',
  'socketPath',
  'proxy',
  'ca',
  'cert',
  'key',
  'rejectUnauthorized',
])

/** Options that change the load or the answers: endpoint, extra fields of the body, a custom target's own. */
function targetOptions(subject: Subject): Record<string, unknown> {
  if (subject.kind === 'engine') return {}
  const { target } = subject
  if (target.kind === 'embedded' || target.kind === 'simulator') return { endpoint: target.endpoint }
  const live = target.kind === 'launch' ? target.target : target
  const servers = live.baseURLs.length > 1 ? { servers: live.baseURLs.length } : {}
  return { ...Object.fromEntries(Object.entries(redact(live)).filter(([name]) => !NOT_LOAD.has(name))), ...servers }
}

const NAME_AND_VERSION = /^(?!v?b?\d)(.*?)(?:[\s/:]+(v?b?\d.*))?$/s

/** `vllm 0.11.0` as name and version; a launched server that tells no name goes by the name that the user gave it. */
function engineOf(subject: Subject, { kind, version }: TargetFacts): { name?: string; version?: string } {
  const [, told, number] = NAME_AND_VERSION.exec(version ?? '') ?? [undefined, undefined, version]
  const name = told || (subject.kind === 'target' && subject.target.kind === 'launch' ? kind : undefined)
  return present({ name: subject.kind === 'target' && subject.target.kind === 'embedded' ? 'llama.cpp' : name, version: number })
}
