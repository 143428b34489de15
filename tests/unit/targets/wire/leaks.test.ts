import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startClock } from '../../../../src/metrics/clock.ts'
import type { BodyReader, Exchange } from '../../../../src/targets/wire/http.ts'
import { HttpClient } from '../../../../src/targets/wire/http.ts'
import type { Step } from '../../../contract/protocol-server.ts'
import { head, ProtocolServer, respond } from '../../../contract/protocol-server.ts'
import { PATIENCE_MS } from '../../../patience.ts'

const clock = startClock()
const nothing: BodyReader = { form: 'stream', read: () => {} }

let server: ProtocolServer
let warnings: Error[]
const onWarning = (warning: Error) => warnings.push(warning)

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'ConnectWrap').length
}

describe.each(['socket', 'undici'] as const)('over %s', (transport) => {
  beforeEach(async () => {
    warnings = []
    process.on('warning', onWarning)
    server = await ProtocolServer.start(clock)
  })

  afterEach(async () => {
    process.off('warning', onWarning)
    await server.close()
  })

  test('2,000 requests of every fate leave no socket and no warning behind', async () => {
    const fates: readonly (readonly Step[])[] = [
      ...Array.from({ length: 34 }, () => respond(200, {}, 'ok')),
      respond(500, {}, 'no'),
      respond(200, { connection: 'close' }, 'ok'),
      [{ write: `${head(200, { 'content-length': '9' })}ok` }, 'reset'],
      ['close'],
      [{ write: `${head(200, { 'content-length': '9' })}ok` }, 'hang'],
      [...respond(200, {}, 'ok'), 'close'],
    ]
    server.play(({ path }) => fates[Number(path.slice(1)) % fates.length]!)
    const before = openSockets()
    const http = new HttpClient({ clock, timeout: 30, idleTimeout: 0.5, transport })
    const controller = new AbortController()
    const kinds = new Map<string, number>()
    let next = 0
    const client = async (): Promise<void> => {
      while (next < 2000) {
        const request = { method: 'GET', origin: server.url, path: `/${next++}`, headers: [] } as const
        const { failure } = await http.exchange(request, nothing, controller.signal)
        kinds.set(failure?.kind ?? 'ok', (kinds.get(failure?.kind ?? 'ok') ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: 100 }, client))
    await http.close()
    await server.idle()
    expect(Object.fromEntries(kinds)).toEqual({ ok: 1800, http: 50, reset: 100, idle: 50 })
    await vi.waitFor(() => expect(openSockets()).toBe(before), PATIENCE_MS)
    expect(warnings).toEqual([])
  })

  test('1,000 requests cancelled at once, whatever they were at, end at once', async () => {
    const stages: readonly (readonly Step[])[] = [['hang'], [{ write: head(200, {}) }, 'hang'], [{ write: `${head(200, {})}ok` }, 'hang']]
    server.play(({ path }) => stages[Number(path.slice(1)) % stages.length]!)
    const before = openSockets()
    const http = new HttpClient({ clock, timeout: 60, idleTimeout: 60, transport })
    const controller = new AbortController()
    const sent: Promise<Exchange>[] = []
    for (let i = 0; i < 1000; i++) {
      sent.push(http.exchange({ method: 'GET', origin: server.url, path: `/${i}`, headers: [] }, nothing, controller.signal))
    }
    while (server.requests.length < 500) await new Promise(setImmediate)
    // These are still being opened.
    for (let i = 0; i < 100; i++) {
      sent.push(http.exchange({ method: 'GET', origin: server.url, path: '/0', headers: [] }, nothing, controller.signal))
    }
    controller.abort()
    const exchanges = await Promise.all(sent)
    expect(exchanges.every(({ failure }) => failure?.kind === 'cancelled')).toBe(true)
    await http.close()
    await server.idle()
    await vi.waitFor(() => expect(openSockets()).toBe(before), PATIENCE_MS)
    expect(warnings).toEqual([])
  })
})
