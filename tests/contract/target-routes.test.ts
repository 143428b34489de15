import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ConnectionSpec } from '../../src/dsl/connection.ts'
import { openai } from '../../src/dsl/targets.ts'
import { createTarget } from '../../src/targets/create-target.ts'
import type { Target } from '../../src/targets/target.ts'
import type { Certificates } from './certificates.ts'
import { hasOpenSSL, makeCertificates } from './certificates.ts'
import type { Front } from './fronts.ts'
import { http2Front, pipeFront, proxyFront } from './fronts.ts'
import { clock, expectUsual, request, stream, useFixture, usual } from './target-fixture.ts'
import { openaiChat } from './wires/openai.ts'

const at = useFixture()
const { signal } = new AbortController()

let certificates: Certificates
let fronts: Front[]

beforeAll(async () => {
  if (hasOpenSSL) certificates = await makeCertificates({ here: 'IP:127.0.0.1', elsewhere: 'DNS:elsewhere.example', client: 'DNS:client' })
})
afterAll(() => certificates?.remove())
afterEach(async () => {
  await at.target?.close()
  for (const front of fronts.splice(0)) await front.close()
})
fronts = []

async function open(baseURL: string, route: ConnectionSpec): Promise<Target> {
  at.target = await createTarget(openai({ baseURL, model: 'm', ...(route as object) }), {
    clock,
    root: certificates?.folder,
    onTokens: (count) => {
      at.tokens += count
    },
  })
  return at.target
}

async function stand<Kind extends Front>(front: Promise<Kind>): Promise<Kind> {
  fronts.push(await front)
  return front
}

const secure = async () => `https://127.0.0.1:${(await stand(pipeFront(at.server.port, { tls: await certificates.pair('here') }))).port}`
const http2 = async () => `https://127.0.0.1:${(await stand(http2Front(at.server.port, await certificates.pair('here')))).port}`
const proxy = async () => `http://user:pass%20word@127.0.0.1:${(await stand(proxyFront('user:pass word'))).port}`
const unix = async (tls?: 'here') => {
  const path = join(certificates.folder, 'server.sock')
  await stand(pipeFront(at.server.port, { path, ...(tls && { tls: await certificates.pair(tls) }) }))
  return path
}

interface Way {
  readonly name: string
  /** Puts up what stands before the server. */
  readonly open: () => Promise<Target>
  /** Whether what stands between closes a connection as soon as the server has. */
  readonly transparent: boolean
}

const WAYS: readonly Way[] = [
  { name: 'a Unix socket', transparent: true, open: async () => open('http://localhost/v1', { socketPath: await unix() }) },
  { name: 'TLS', transparent: true, open: async () => open(await secure(), { ca: 'ca.pem' }) },
  {
    name: 'TLS over a Unix socket',
    transparent: true,
    open: async () => open('https://127.0.0.1/v1', { socketPath: await unix('here'), ca: 'ca.pem' }),
  },
  { name: 'HTTP/2', transparent: false, open: async () => open(await http2(), { ca: 'ca.pem', http2: true }) },
  { name: 'a forwarding proxy', transparent: false, open: async () => open(at.server.url, { proxy: await proxy() }) },
  {
    name: 'TLS through a proxy',
    transparent: true,
    open: async () => open(await secure(), { ca: 'ca.pem', proxy: await proxy() }),
  },
  {
    name: 'HTTP/2 through a proxy',
    transparent: false,
    open: async () => open(await http2(), { ca: 'ca.pem', http2: true, proxy: await proxy() }),
  },
]

describe.skipIf(!hasOpenSSL).each(WAYS)('over $name', ({ name, open: go, transparent }) => {
  test('an answer is read as it comes, on a connection that is kept', async () => {
    at.server.play(stream(openaiChat, usual(openaiChat)))
    const target = await go()
    const answers = [await target.send(request(), signal), await target.send(request(), signal), await target.send(request(), signal)]
    for (const answer of answers) expectUsual(openaiChat, answer)
    expect(answers.map(({ connectNs }) => connectNs !== undefined)).toEqual([true, false, false])
    expect(at.server.connections).toBe(1)
    expect(at.tokens).toBe(9)
  })

  test('a connection that was opened ahead serves the first request', async () => {
    at.server.play(stream(openaiChat, usual(openaiChat)))
    const target = await go()
    expect(await target.openAhead!(1, signal)).toBe(1)
    expect(at.server.requests).toHaveLength(0)
    const answers = [await target.send(request(), signal), await target.send(request(), signal)]
    for (const answer of answers) expectUsual(openaiChat, answer)
    expect(answers.map(({ connectNs }) => connectNs !== undefined)).toEqual([true, false])
    expect(at.server.connections).toBe(1)
  })

  test('what stands in for the server is reached as it is, but over HTTP/2', async () => {
    const { target, isReachedAlike } = await (await go()).standIn!(() => {})
    const { error, choices } = await target.send(request(), signal)
    await target.close()
    expect(error).toBeUndefined()
    expect(choices[0]!.chunks).toBeGreaterThan(1)
    expect(isReachedAlike).toBe(!name.startsWith('HTTP/2'))
    expect(at.server.requests).toHaveLength(0)
  })

  test('the time of sending comes before the server has the request, and each token has the time it was read', async () => {
    let tokens = 0
    at.server.play(
      stream(openaiChat, [
        { write: openaiChat.frame(openaiChat.token('a')), mark: 'first' },
        { until: () => at.tokens > tokens },
        { write: openaiChat.frame(openaiChat.token('b')), mark: 'second' },
        ...[openaiChat.finish('stop'), '[DONE]'].map((data) => openaiChat.frame(data)),
      ]),
    )
    const target = await go()
    for (let i = 0; i < 2; i++) {
      tokens = at.tokens
      const { sentNs, choices, error } = await target.send(request(), signal)
      expect(error).toBeUndefined()
      expect(sentNs!).toBeLessThan(at.server.marks.get('first')!)
      expect(choices[0]!.firstTokenNs!).toBeGreaterThan(at.server.marks.get('first')!)
      expect(choices[0]!.firstTokenNs!).toBeLessThan(at.server.marks.get('second')!)
      expect(choices[0]!.lastTokenNs!).toBeGreaterThan(at.server.marks.get('second')!)
    }
  })

  test('requests at the same time have connections of their own', async () => {
    at.server.play(stream(openaiChat, usual(openaiChat)))
    const target = await go()
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(Array.from({ length: 5 }, () => target.send(request(), signal)))
      for (const answer of answers) expectUsual(openaiChat, answer)
      expect(answers.filter(({ connectNs }) => connectNs !== undefined)).toHaveLength(round === 0 ? 5 : 0)
    }
    expect(at.server.connections).toBe(5)
  })

  test('cancelling closes the connection', async () => {
    const controller = new AbortController()
    at.server.play(stream(openaiChat, [openaiChat.frame(openaiChat.token('a'))], { end: { until: () => (controller.abort(), false) } }))
    const target = await go()
    expect((await target.send(request(), controller.signal)).error!.kind).toBe('cancelled')
    await at.server.idle()
  })

  test('a stream that is broken off is a failure', async () => {
    at.server.play(stream(openaiChat, [openaiChat.frame(openaiChat.token('a')), { until: () => at.tokens > 0 }], { end: 'reset' }))
    const answer = await (await go()).send(request(), signal)
    expect(answer.error).toMatchObject({ kind: 'reset', message: expect.stringContaining('in the middle of the answer') as string })
    expect(answer.choices[0]!.chunks).toBe(1)
  })

  test.runIf(transparent)('a kept connection that was closed unannounced fails no request', async () => {
    const answer = stream(openaiChat, usual(openaiChat))
    let closesIn = 2
    at.server.play(() => (--closesIn === 0 ? ['close'] : answer))
    const target = await go()
    const answers = [await target.send(request(), signal), await target.send(request(), signal)]
    for (const answer of answers) expectUsual(openaiChat, answer)
    expect(answers.map(({ resent }) => resent)).toEqual([undefined, true])
  })
})
