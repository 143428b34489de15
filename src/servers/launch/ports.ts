import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { portPlaceholders } from '../../dsl/ports.ts'
import type { LaunchTargetSpec } from '../../dsl/launch.ts'
import { LlmBenchError } from '../../errors.ts'
import { isOpen } from './ready.ts'

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
 * @throws {LlmBenchError} `SERVER`
 */
export async function refuseTaken(spec: LaunchTargetSpec): Promise<void> {
  const { ready } = spec
  const sign = 'url' in ready ? [ready.url] : 'port' in ready ? [`http://127.0.0.1:${ready.port}`] : []
  const urls = [...spec.target.baseURLs, ...sign]
  const places = new Map(urls.map((text) => [new URL(text).host, new URL(text)]))
  await Promise.all(
    [...places.values()].map(async ({ hostname, port, protocol, host }) => {
      const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
      if ((await isOpen(hostname.replace(/^\[|\]$/g, ''), number)) !== undefined) return
      throw new LlmBenchError(
        'SERVER',
        `${spec.name} is not started, for somebody answers on ${host} already, and would be measured in its place: ` +
          "end that server, name another port, or leave the choice to us with '{port}'.",
      )
    }),
  )
}
