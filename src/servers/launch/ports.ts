import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { portPlaceholders } from '../../dsl/ports.ts'
import type { LaunchTargetSpec } from '../../dsl/launch.ts'
import { LlmBenchError } from '../../errors.ts'
import { isOpen, placeOf, placeOfPort, showPlace } from './place.ts'

/** A free port for each placeholder of a spec. */
export async function findPorts(spec: LaunchTargetSpec): Promise<Record<string, number>> {
  const placeholders = portPlaceholders(spec)
  // Held until all are found: none is given twice.
  const held = await Promise.all(placeholders.map(hold))
  await Promise.all(held.map(({ release }) => release()))
  return Object.fromEntries(placeholders.map((placeholder, i) => [placeholder, held[i]!.port]))
}

async function hold(): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    release: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/**
 * Sees to it that no other server answers in the place of the one that is to be launched.
 * @param spec with its ports filled in
 * @param root folder that relative paths of its target resolve against
 * @throws {LlmBenchError} `SERVER`
 */
export async function refuseTaken({ name, ready, target }: LaunchTargetSpec, root: string): Promise<void> {
  const urls = 'url' in ready ? [...target.baseURLs, ready.url] : target.baseURLs
  const places = urls.map((url) => placeOf(url, target, root))
  if ('port' in ready) places.push(placeOfPort(Number(ready.port), target, root))
  await Promise.all(
    places.map(async (place) => {
      if ((await isOpen(place)) !== undefined) return
      const way = 'path' in place ? 'name another path' : "name another port, or leave the choice to us with '{port}'"
      throw new LlmBenchError(
        'SERVER',
        `${name} is not started, for somebody answers on ${showPlace(place)} already, and would be measured in its place: ` +
          `end that server, or ${way}.`,
      )
    }),
  )
}
