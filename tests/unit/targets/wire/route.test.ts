import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ConnectionSpec } from '../../../../src/dsl/connection.ts'
import { startClock } from '../../../../src/metrics/clock.ts'
import type { Exchange } from '../../../../src/targets/wire/http.ts'
import { HttpClient } from '../../../../src/targets/wire/http.ts'
import { routeOf } from '../../../../src/targets/wire/route.ts'
import type { ProxyFront } from '../../../contract/fronts.ts'
import { proxyFront } from '../../../contract/fronts.ts'
import { ProtocolServer, respond } from '../../../contract/protocol-server.ts'

const clock = startClock()
let server: ProtocolServer
let proxy: ProxyFront

beforeEach(async () => {
  server = await ProtocolServer.start(clock)
  server.play(respond(200, {}, 'ok'))
  proxy = await proxyFront('user:pass word')
})
afterEach(async () => {
  await proxy.close()
  await server.close()
})

async function ask(origin: string, spec: ConnectionSpec, path = '/v1/models?a=b'): Promise<Exchange> {
  const http = new HttpClient({ clock, timeout: 10, idleTimeout: 10, route: routeOf(spec, 'openai()', '/') })
  const request = { method: 'GET', origin, path, headers: ['x-test', 'yes'] } as const
  const exchange = await http.exchange(request, { form: 'stream', read: () => {} }, new AbortController().signal)
  await http.close()
  return exchange
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => {
    probe.listen(0, '127.0.0.1', resolve)
  })
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => {
    probe.close(resolve)
  })
  return port
}

test('plain HTTP is forwarded by its whole URL, and the server sees nothing of the credentials', async () => {
  expect((await ask(server.url, { proxy: `http://user:pass%20word@127.0.0.1:${proxy.port}` })).failure).toBeUndefined()
  expect(proxy.asked).toEqual([`GET ${server.url}/v1/models?a=b Basic ${btoa('user:pass word')}`])
  expect(server.requests).toMatchObject([
    { method: 'GET', path: '/v1/models?a=b', headers: { 'x-test': 'yes', host: server.url.slice(7) } },
  ])
  expect(JSON.stringify(server.requests)).not.toContain('Basic')
})

test.for([
  ['', 'wants a user and a password'],
  ['user:wrong@', 'does not accept the user and password'],
])('a proxy that refuses the credentials %j names its option, of https and of http', async ([credentials, wants]) => {
  const url = `http://${credentials}127.0.0.1:${proxy.port}`
  const tunnelled = await ask('https://127.0.0.1:1', { proxy: url })
  expect(tunnelled.failure!.kind).toBe('connect')
  expect(tunnelled.failure!.message).toContain(`${wants} (HTTP 407 Proxy Authentication Required): give them in \`proxy\``)
  expect(tunnelled.failure!.message).not.toContain('wrong')
  expect((await ask(server.url, { proxy: url })).failure).toMatchObject({
    kind: 'http',
    message: expect.stringContaining('`proxy`') as string,
  })
  expect(server.requests).toEqual([])
})

test('a proxy that can reach no server says which', async () => {
  const port = await freePort()
  const { failure } = await ask(`https://127.0.0.1:${port}`, { proxy: `http://user:pass%20word@127.0.0.1:${proxy.port}` })
  expect(failure).toEqual({
    kind: 'connect',
    message: `the proxy http://***@127.0.0.1:${proxy.port} opens no connection to 127.0.0.1:${port} (HTTP 502 Bad Gateway)`,
  })
})

test.for(['http', 'https'])('a proxy that is not there is told apart from the server, of %s', async (scheme) => {
  const port = await freePort()
  const { failure } = await ask(`${scheme}://127.0.0.1:1`, { proxy: `http://user:secret@127.0.0.1:${port}` })
  expect(failure).toMatchObject({
    kind: 'connect',
    message: expect.stringContaining(`the proxy http://***@127.0.0.1:${port}: connection refused`) as string,
  })
})

test('proxies of the environment are not used', async () => {
  const before = { ...process.env }
  const dead = `http://127.0.0.1:${await freePort()}`
  Object.assign(process.env, { HTTP_PROXY: dead, http_proxy: dead, ALL_PROXY: dead, NODE_USE_ENV_PROXY: '1' })
  try {
    expect((await ask(server.url, {})).failure).toBeUndefined()
  } finally {
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
})

test('a Unix socket that is not there is a failure that says so', async () => {
  const socketPath = join('/nowhere', 'server.sock')
  for (const origin of ['http://localhost', 'https://localhost']) {
    expect((await ask(origin, { socketPath })).failure).toMatchObject({
      kind: 'connect',
      message: 'there is no such Unix socket: is the server running? (ENOENT)',
    })
  }
})
