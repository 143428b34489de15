import { textAt } from '../../json.ts'
import type { JSONAnswer, Probe } from '../../probe.ts'
import type { TargetInfo } from '../../target.ts'
import { isRecord } from '../../wire/failure.ts'
import { listedModel } from '../model-list.ts'
import { rootPath } from '../root-path.ts'

/**
 * Asks each URL for its models, and the first for its version. Nothing is generated.
 * @throws {LlmBenchError} `TARGET` where requests would fail: no connection, a refused key, no such model, no such API
 */
export async function probeOpenAI(probe: Probe): Promise<TargetInfo> {
  const { model, list } = await listedModel(probe, '/models')
  return { model, version: await versionOf(probe, list) }
}

/** The engine's name and version as far as the server tells: vLLM has /version, llama.cpp /props, others a Server header. */
async function versionOf(probe: Probe, models: JSONAnswer | undefined): Promise<string | undefined> {
  const door = probe.doors[0]
  const root = rootPath(door.address.path)
  const [version, props] = await Promise.all(['/version', '/props'].map((path) => probe.askAside(door, root + path)))
  const number = textAt(version!.body, 'version') ?? textAt(props!.body, 'build_info')
  const list = isRecord(models?.body) && Array.isArray(models.body.data) ? (models.body.data as unknown[]) : []
  const owner = textAt(list[0], 'owned_by')
  if (number !== undefined) return owner === undefined ? number : `${owner} ${number}`
  const server = (models ?? version!).exchange.headers?.server
  return typeof server === 'string' && server !== '' ? server : undefined
}
