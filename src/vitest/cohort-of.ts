import { canonicalJSON } from '../dsl/digest.ts'
import { redact } from '../dsl/redact.ts'
import type { TargetFacts } from '../files/run-report.ts'
import type { RunPlan } from '../load/plan.ts'
import { present } from '../metrics/present.ts'
import type { RunMetrics } from '../metrics/summary-types.ts'
import type { Cohort } from '../verdict/cohort.ts'
import type { Subject } from './resolve-subject.ts'

/** What a cohort is made of. */
export interface CohortFacts {
  readonly plan: Pick<RunPlan, 'workloadDigest'>
  readonly subject: Subject
  readonly target: TargetFacts
  readonly metrics: RunMetrics
  /** What the user told of the environment. */
  readonly environment: Readonly<Record<string, string>>
}

/** The cohort of a run. */
export function cohortOf({ plan, subject, target, metrics, environment }: CohortFacts): Cohort {
  const [engine, ...version] = target.version?.split(' ') ?? []
  const tokens = metrics.kind === 'requests' ? metrics.tokens : undefined
  return {
    workload: plan.workloadDigest,
    target: target.kind,
    ...present({
      dataset: metrics.kind === 'requests' ? metrics.dataset.digest : undefined,
      model: target.model,
      'engine.name': engine,
      'engine.version': version.length > 0 ? version.join(' ') : undefined,
      'engine.flags': flagsOf(subject),
      tokenizer: tokens?.tokenizer,
    }),
    ...Object.fromEntries(Object.entries(environment).map(([name, value]) => [`environment.${name}`, value])),
  }
}

/** How the engine or server was started, as far as the run started it. */
function flagsOf(subject: Subject): string | undefined {
  if (subject.kind === 'engine') return canonicalJSON(redact(subject.engine))
  if (subject.target.kind === 'launch') return redact(subject.target).args.join(' ')
  return subject.target.kind === 'embedded' || subject.target.kind === 'simulator' ? canonicalJSON(redact(subject.target)) : undefined
}
