import { describe, expect, test } from 'vitest'
import { createTarget } from '../../src/targets/create-target.ts'
import { clock, expectUsual, framesOf, request, stream, useFixture, usual, WIRES } from './target-fixture.ts'
import { ProtocolServer, respond } from './protocol-server.ts'

const at = useFixture()

describe.each(WIRES)('$name', (wire) => {
  const frames = framesOf(wire)

  test('cancelling closes the socket', async () => {
    const controller = new AbortController()
    at.server.play(stream(wire, frames(wire.token('a')), { end: 'hang' }))
    at.target = await createTarget(wire.spec([at.server.url], {}), { clock, transport: wire.transport, onTokens: () => controller.abort() })
    const answer = await at.target.send(request(), controller.signal)
    expect(answer.error!.kind).toBe('cancelled')
    await at.server.idle()
    expect((await at.target.send(request(), controller.signal)).error!.kind).toBe('cancelled')
    expect(at.server.requests).toHaveLength(1)
  })

  test('closing ends what is under way', async () => {
    at.server.play(stream(wire, frames(wire.token('a')), { end: 'hang' }))
    at.target = await createTarget(wire.spec([at.server.url], {}), {
      clock,
      transport: wire.transport,
      onTokens: () => void at.target!.close(),
    })
    const { signal } = new AbortController()
    expect((await at.target.send(request(), signal)).error!.kind).toBe('cancelled')
    await at.server.idle()
    expect((await at.target.send(request(), signal)).error!.kind).toBe('cancelled')
    expect(at.server.connections).toBe(1)
  })

  test('a connection is kept and used again; only the first request opens one', async () => {
    at.server.play(stream(wire, usual(wire)))
    const { signal } = new AbortController()
    const target = await at.open(wire)
    const answers = [await target.send(request(), signal), await target.send(request(), signal), await target.send(request(), signal)]
    expect(answers.map(({ connectNs }) => connectNs !== undefined)).toEqual([true, false, false])
    expect(answers.every(({ error }) => error === undefined)).toBe(true)
    expect(at.server.connections).toBe(1)
  })

  test('requests at the same time have connections of their own, which serve the next ones', async () => {
    at.server.play(stream(wire, usual(wire)))
    const { signal } = new AbortController()
    const target = await at.open(wire)
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => target.send(request(), signal)))
      for (const answer of answers) expectUsual(wire, answer)
      expect(answers.filter(({ connectNs }) => connectNs !== undefined)).toHaveLength(round === 0 ? 8 : 0)
    }
    expect(at.server.connections).toBe(8)
  })

  test('connections that were opened ahead serve the first requests, and nothing was sent on them before', async () => {
    at.server.play(stream(wire, usual(wire)))
    const { signal } = new AbortController()
    const target = await at.open(wire)
    expect(await target.openAhead!(5, signal)).toBe(5)
    expect(at.server.requests).toHaveLength(0)
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(Array.from({ length: 5 }, () => target.send(request(), signal)))
      for (const answer of answers) expectUsual(wire, answer)
      // How long opening took is told with the first request on each.
      expect(answers.filter(({ connectNs }) => connectNs !== undefined)).toHaveLength(round === 0 ? 5 : 0)
    }
    expect(at.server.connections).toBe(5)
  })

  test("a stand-in answers with tokens in the server's place, on connections that are kept, and is gone when it is closed", async () => {
    let told = 0
    const { signal } = new AbortController()
    const { target: standIn, isReachedAlike } = await (
      await at.open(wire, { apiKeys: ['key-a'], headers: { 'x-secret': 'b' } })
    ).standIn!((count) => void (told += count))
    const answers = [await standIn.send(request(), signal), await standIn.send(request(), signal)]
    for (const { error, choices } of answers) {
      expect(error).toBeUndefined()
      expect(choices[0]!.chunks).toBeGreaterThan(1)
    }
    expect(answers.map(({ connectNs }) => connectNs !== undefined)).toEqual([true, false])
    expect(at.server.requests).toHaveLength(0)
    expect(told).toBeGreaterThan(1)
    expect(isReachedAlike).toBe(true)
    await standIn.close()
    expect((await (await at.open(wire, {}, [answers[0]!.address])).send(request(), signal)).error!.kind).toBe('connect')
  })

  test('a server that closes after each answer is reached anew', async () => {
    const [start, ...rest] = stream(wire, usual(wire))
    const closingStart = { write: (start as { write: string }).write.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n') }
    at.server.play([closingStart, ...rest, 'close'])
    const { signal } = new AbortController()
    const target = await at.open(wire)
    for (let i = 0; i < 2; i++) {
      const answer = await target.send(request(), signal)
      expectUsual(wire, answer)
      expect(answer.connectNs).toBeGreaterThan(0)
    }
  })

  test('a server that closes a kept connection unannounced fails no request, and the run is told', async () => {
    const answer = stream(wire, usual(wire))
    let closesIn = 2
    at.server.play(() => (--closesIn === 0 ? ['close'] : answer))
    const { signal } = new AbortController()
    const target = await at.open(wire)
    const answers = [await target.send(request(), signal), await target.send(request(), signal), await target.send(request(), signal)]
    for (const answer of answers) expectUsual(wire, answer)
    expect(answers.map(({ resent }) => resent)).toEqual([undefined, true, undefined])
    expect(answers.every(({ connectNs }) => connectNs !== undefined)).toBe(true)
    expect(at.server.requests).toHaveLength(4)
    expect(new Set(at.server.requests.map(({ body }) => body)).size).toBe(1)
    expect(target.notes).toEqual([expect.stringContaining(`${at.server.url} closes connections`)])
  })

  test('cancelling between the headers and the body closes the socket', async () => {
    const controller = new AbortController()
    const [start] = stream(wire, usual(wire))
    at.server.play([start!, { until: () => (controller.abort(), true) }, 'hang'])
    expect((await (await at.open(wire)).send(request(), controller.signal)).error!.kind).toBe('cancelled')
  })

  test('URLs and keys take turns, each by itself', async () => {
    const second = await ProtocolServer.start(clock)
    at.server.play(stream(wire, usual(wire)))
    second.play(stream(wire, usual(wire)))
    const { signal } = new AbortController()
    const target = await at.open(wire, { apiKeys: ['key-a', 'key-b', 'key-c'] }, [at.server.url, second.url])
    const addresses: string[] = []
    for (let i = 0; i < 6; i++) addresses.push((await target.send(request(), signal)).address)
    expect(addresses).toEqual([at.server.url, second.url, at.server.url, second.url, at.server.url, second.url])
    expect(at.server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer key-a', 'Bearer key-c', 'Bearer key-b'])
    expect(second.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer key-b', 'Bearer key-a', 'Bearer key-c'])
    await target.close()
    await second.idle()
    await second.close()
  })

  test('secrets of the URL and of headers are in no message and no address', async () => {
    at.server.play((seen) => respond(500, { 'content-type': 'text/plain' }, `${seen.path} ${JSON.stringify(seen.headers)}`))
    const url = at.server.url.replace('http://', 'http://user:url-password@')
    const target = await at.open(wire, { headers: { 'X-Api-Key': 'header-secret' } }, [`${url}/?sig=query-secret`])
    const answer = await target.send(request(), new AbortController().signal)
    expect(answer.error!.kind).toBe('http')
    for (const secret of ['url-password', 'header-secret', 'query-secret']) expect(JSON.stringify(answer)).not.toContain(secret)
    expect(at.server.requests[0]!.headers['x-api-key']).toBe('header-secret')
  })
})
