import type { OpenAITargetSpec } from '../../../dsl/targets.ts'
import { LlmBenchError } from '../../../errors.ts'
import type { Door, JSONAnswer, Probe } from '../../probe.ts'
import type { TargetInfo } from '../../target.ts'
import { isRecord } from '../../wire/failure.ts'

/**
 * Asks each URL for its models, and the first for its version. Nothing is generated.
 * @throws {LlmBenchError} `TARGET` where requests would fail: no connection, a refused key, no such model, no such API
 */
export async function probeOpenAI(probe: Probe<OpenAITargetSpec>): Promise<TargetInfo> {
  const answers = await Promise.all(
    probe.doors.map(({ address, ...door }) => {
      const whatItIsNot = (said: string): string => noAPI(address.shown, said)
      return probe.ask({ address, ...door }, `${address.path}/models`, whatItIsNot)
    }),
  )
  const lists = probe.doors.map(({ address }, i) => ({ url: address.shown, ids: modelsOf(address.shown, answers[i], probe.spec) }))
  const model = probe.spec.model ?? firstModel(lists[0]!)
  for (const { url, ids } of lists) {
    if (ids !== undefined && !ids.includes(model)) {
      throw new LlmBenchError('TARGET', `${url} has no model ${JSON.stringify(model)}; it has: ${listed(ids)}`)
    }
  }
  return { model, version: await versionOf(probe, probe.doors[0], answers[0]) }
}

/** The models' names; absent where the server keeps no such list and the model is named anyway. */
function modelsOf(url: string, answer: JSONAnswer | undefined, spec: OpenAITargetSpec): string[] | undefined {
  if (answer === undefined) {
    if (spec.model !== undefined) return undefined
    throw new LlmBenchError(
      'TARGET',
      `${url} has no list of models; if this is the base URL of an OpenAI-compatible server, name the \`model\``,
    )
  }
  const data = isRecord(answer.body) ? answer.body.data : undefined
  if (!Array.isArray(data)) throw new LlmBenchError('TARGET', noAPI(url, 'JSON that is no list of models'))
  return data.flatMap((entry: unknown) => (isRecord(entry) && typeof entry.id === 'string' ? [entry.id] : []))
}

function noAPI(url: string, said: string): string {
  return `${url} is no OpenAI API: /models answered ${said}; the base URL usually ends in /v1`
}

function firstModel({ url, ids }: { readonly url: string; readonly ids: string[] | undefined }): string {
  const first = ids?.[0]
  if (first === undefined) throw new LlmBenchError('TARGET', `${url} serves no model: load one, or name the \`model\``)
  return first
}

function listed(ids: readonly string[]): string {
  const shown = ids.slice(0, 10).map((id) => JSON.stringify(id))
  if (ids.length > 10) shown.push(`and ${ids.length - 10} more`)
  return shown.length === 0 ? 'none' : shown.join(', ')
}

/** The engine's name and version as far as the server tells: vLLM has /version, llama.cpp /props, others a Server header. */
async function versionOf(probe: Probe<OpenAITargetSpec>, door: Door, models: JSONAnswer | undefined): Promise<string | undefined> {
  const root = door.address.path.replace(/\/v\d[^/]*$/, '')
  const [version, props] = await Promise.all(['/version', '/props'].map((path) => probe.askAside(door, root + path)))
  const number = textAt(version!.body, 'version') ?? textAt(props!.body, 'build_info')
  const list = isRecord(models?.body) && Array.isArray(models.body.data) ? (models.body.data as unknown[]) : []
  const owner = textAt(list[0], 'owned_by')
  if (number !== undefined) return owner === undefined ? number : `${owner} ${number}`
  const server = (models ?? version!).exchange.headers?.server
  return typeof server === 'string' && server !== '' ? server : undefined
}

function textAt(value: unknown, key: string): string | undefined {
  const text = isRecord(value) ? value[key] : undefined
  return typeof text === 'string' && text !== '' ? text : undefined
}
