import type { HttpTargetSpec } from '../../dsl/http-target.ts'
import { LlmBenchError } from '../../errors.ts'
import type { JSONAnswer, Probe } from '../probe.ts'
import { isRecord } from '../wire/failure.ts'

/** The model of a run, and what the first URL answered; absent where it keeps no list. */
export interface ListedModel {
  readonly model: string
  readonly list?: JSONAnswer | undefined
}

/**
 * Asks each URL for its list of models in OpenAI's form.
 * @param path follows the base path
 * @returns the model that the user names, or the first of the first list
 * @throws {LlmBenchError} `TARGET` where a list lacks that model, or there is none to choose from
 */
export async function listedModel(probe: Probe, path: string): Promise<ListedModel> {
  const whatItIsNot = (url: string, said: string): string =>
    `${url} is no OpenAI API: ${path} answered ${said}; the base URL usually ends in /v1`
  const answers = await Promise.all(
    probe.doors.map((door) => probe.ask(door, door.address.path + path, (said) => whatItIsNot(door.address.shown, said))),
  )
  const lists = probe.doors.map(({ address: { shown: url } }, i) => {
    const answer = answers[i]
    if (answer === undefined) return { url, ids: withoutList(url, probe.spec) }
    const ids = modelIds(answer.body)
    if (ids === undefined) throw new LlmBenchError('TARGET', whatItIsNot(url, 'JSON that is no list of models'))
    return { url, ids }
  })
  const model = probe.spec.model ?? firstModel(lists[0]!)
  for (const { url, ids } of lists) {
    // An empty list is none: transformers serves any model, and lists those of its cache.
    if (ids !== undefined && ids.length > 0 && !ids.includes(model)) {
      throw new LlmBenchError('TARGET', `${url} has no model ${JSON.stringify(model)}; it has: ${listed(ids)}`)
    }
  }
  return { model, list: answers[0] }
}

/** Names, for a message. */
export function listed(ids: readonly string[]): string {
  const shown = ids.slice(0, 10).map((id) => JSON.stringify(id))
  if (ids.length > 10) shown.push(`and ${ids.length - 10} more`)
  return shown.length === 0 ? 'none' : shown.join(', ')
}

function modelIds(list: unknown): string[] | undefined {
  const data = isRecord(list) ? list.data : undefined
  if (!Array.isArray(data)) return undefined
  return data.flatMap((entry: unknown) => (isRecord(entry) && typeof entry.id === 'string' ? [entry.id] : []))
}

/** A server that keeps no list is believed where the user names the model. */
function withoutList(url: string, spec: HttpTargetSpec): undefined {
  if (spec.model !== undefined) return undefined
  throw new LlmBenchError(
    'TARGET',
    `${url} has no list of models; if this is the base URL of an OpenAI-compatible server, name the \`model\``,
  )
}

function firstModel({ url, ids }: { readonly url: string; readonly ids: string[] | undefined }): string {
  const first = ids?.[0]
  if (first === undefined) throw new LlmBenchError('TARGET', `${url} serves no model: load one, or name the \`model\``)
  return first
}
