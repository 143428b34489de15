import type { Dataset } from '../datasets/dataset.ts'
import type { SamplingSpec, ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import { LlmBenchError } from '../errors.ts'
import type { RequestOption, Target } from '../targets/target.ts'

/**
 * Holds what a workload asks for against what the target's requests can carry.
 * @returns sentences about what is asked for by default and can't be carried
 * @throws {LlmBenchError} `INVALID_OPTION` for what the user asks for and the target can't carry
 */
export function checkCarried(spec: ServedWorkloadSpec, target: Pick<Target, 'lacks'>, dataset: Pick<Dataset, 'rows'>): string[] {
  const { lacks } = target
  if (lacks === undefined) return []
  const lacking = new Set<RequestOption>(lacks.options)
  const forces = !lacking.has('ignoreEos') || !lacking.has('minTokens')
  const asked: [option: string, isAsked: boolean, carried: boolean][] = [
    ['minTokens', (spec.minTokens ?? 0) > 0, !lacking.has('minTokens')],
    ['ignoreEos', spec.ignoreEos === true, !lacking.has('ignoreEos')],
    ['temperature', spec.temperature !== undefined, !lacking.has('temperature')],
    ['topP', (spec.topP ?? 1) !== 1, !lacking.has('topP')],
    ['topK', (spec.topK ?? 0) !== 0, !lacking.has('topK')],
    ['outputLength', typeof spec.outputLength === 'number', forces],
    ['nPerRequest', spec.kind === 'rollout' && spec.nPerRequest && spec.n > 1, !lacking.has('n')],
  ]
  const refused = asked.flatMap(([option, isAsked, carried]) => (isAsked && !carried ? [`\`${option}\``] : []))
  if (refused.length > 0) {
    const [field, it] = refused.length === 1 ? ['no such field', 'it'] : ['no such fields', 'them']
    throw new LlmBenchError(
      'INVALID_OPTION',
      `${spec.kind}(): ${lacks.call} can't carry ${refused.join(' and ')}: its requests have ${field}; leave ${it} out`,
    )
  }
  const notes: string[] = []
  if (!forces && spec.outputLength === 'dataset' && dataset.rows.some(({ outputTokens }) => outputTokens !== undefined)) {
    notes.push(`${lacks.call} can't force a length: an answer ends where the model ends it, and at the dataset's length at the latest.`)
  }
  return [...notes, ...seedNotes(spec, lacking.has('seed') ? `${lacks.call} takes no seed` : undefined)]
}

/**
 * What is to be said where the seeds of requests have no effect: nothing, where no answer is sampled.
 * @param reason why they have none; undefined where they have
 */
export function seedNotes({ doSample, temperature }: SamplingSpec, reason: string | undefined): string[] {
  const samples = doSample !== false && temperature !== 0
  return samples && reason !== undefined ? [`${reason}: sampled answers differ from run to run.`] : []
}
