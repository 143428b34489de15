import { status as codes } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { request } from '../target-fixture.ts'
import { clock, expectUsual, token, usePpl, usual, WIRES } from './fixture.ts'
import { PplServer } from './server.ts'

describe.each(WIRES)('ppl (%s)', (wire) => {
  const at = usePpl(wire)
  const { signal } = new AbortController()

  test('cancelling ends the call and closes the connection', async () => {
    const controller = new AbortController()
    at.server.play({ write: [token('a')] }, 'hang')
    at.onTokens = () => controller.abort()
    const target = await at.open()
    expect((await target.send(request(), controller.signal)).error!.kind).toBe('cancelled')
    await at.server.idle()
    expect((await target.send(request(), controller.signal)).error!.kind).toBe('cancelled')
    expect(at.server.calls).toHaveLength(1)
  })

  test('cancelling while the connection is being opened sends nothing', async () => {
    const controller = new AbortController()
    const target = await at.open()
    const answer = target.send(request(), controller.signal)
    controller.abort()
    expect(await answer).toMatchObject({ error: { kind: 'cancelled' } })
    await at.server.idle()
    expect(at.server.calls).toHaveLength(0)
  })

  test('closing ends what is under way', async () => {
    at.server.play({ write: [token('a')] }, 'hang')
    at.onTokens = () => void at.target!.close()
    const target = await at.open()
    expect((await target.send(request(), signal)).error!.kind).toBe('cancelled')
    await at.server.idle()
    expect((await target.send(request(), signal)).error!.kind).toBe('cancelled')
    expect(at.server.connections).toBe(1)
  })

  test('a connection is kept and used again; only the first request opens one', async () => {
    at.server.play(...usual(wire))
    const target = await at.open()
    const answers = [await target.send(request(), signal), await target.send(request(), signal), await target.send(request(), signal)]
    for (const answer of answers) expectUsual(answer, wire)
    expect(answers.map(({ connectNs }) => connectNs !== undefined)).toEqual([true, false, false])
    expect(at.server.connections).toBe(1)
  })

  test('requests at the same time have connections of their own, which serve the next ones', async () => {
    at.server.play(...usual(wire))
    const target = await at.open()
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => target.send(request(), signal)))
      for (const answer of answers) expectUsual(answer, wire)
      expect(answers.filter(({ connectNs }) => connectNs !== undefined)).toHaveLength(round === 0 ? 8 : 0)
    }
    expect(at.server.connections).toBe(8)
  })

  test('an error status leaves the connection to the next request', async () => {
    const target = await at.open()
    at.server.play({ code: codes.RESOURCE_EXHAUSTED, details: 'full' })
    expect((await target.send(request(), signal)).error!.kind).toBe('server')
    at.server.play(...usual(wire))
    expectUsual(await target.send(request(), signal), wire)
    expect(at.server.connections).toBe(1)
  })

  test('a server that was restarted is found again', async () => {
    at.server.play(...usual(wire))
    const target = await at.open()
    expectUsual(await target.send(request(), signal), wire)
    const { port } = at.server
    await at.server.close()
    expect((await target.send(request(), signal)).error!.kind).toMatch(/connect|reset/)
    at.server = await PplServer.start(clock, wire, { port })
    at.server.play(...usual(wire))
    expectUsual(await target.send(request(), signal), wire)
  })

  test('addresses and keys take turns, each by itself', async () => {
    const second = await PplServer.start(clock, wire)
    for (const server of [at.server, second]) server.play(...usual(wire))
    const target = await at.open({ apiKeys: ['key-a', 'key-b', 'key-c'] }, [at.server.url, second.url])
    const addresses: string[] = []
    for (let i = 0; i < 6; i++) addresses.push((await target.send(request(), signal)).address)
    expect(addresses).toEqual([at.server.url, second.url, at.server.url, second.url, at.server.url, second.url])
    expect(at.server.calls.map(({ metadata }) => metadata['authorization'])).toEqual(['Bearer key-a', 'Bearer key-c', 'Bearer key-b'])
    await target.close()
    await second.idle()
    await second.close()
  })

  test('preparing reaches each address, and generates nothing; its connection serves the first request', async () => {
    at.server.play(...usual(wire))
    const target = await at.open({ model: 'llama-7b' })
    expect(await target.prepare(signal)).toEqual({ model: 'llama-7b' })
    expect(at.server.calls).toHaveLength(0)
    expect((await target.send(request(), signal)).connectNs).toBeUndefined()
    expect(at.server.connections).toBe(1)
  })

  test('connections are opened ahead, without a word to the server, and serve the first requests', async () => {
    at.server.play(...usual(wire))
    const target = await at.open()
    expect(await target.openAhead!(5, signal)).toBe(5)
    expect(at.server.calls).toHaveLength(0)
    const answers = await Promise.all(Array.from({ length: 5 }, () => target.send(request(), signal)))
    for (const answer of answers) expectUsual(answer, wire)
    expect(answers.every(({ connectNs }) => connectNs === undefined)).toBe(true)
    expect(at.server.connections).toBe(5)
  })

  test('opening ahead ends with the run, and where nobody answers', async () => {
    const controller = new AbortController()
    const target = await at.open()
    const opened = target.openAhead!(100, controller.signal)
    controller.abort()
    expect(await opened).toBeLessThan(100)
    await target.close()
    const { url } = at.server
    await at.server.close()
    expect(await (await at.open({}, [url])).openAhead!(3, signal)).toBe(0)
    at.server = await PplServer.start(clock, wire)
  })

  test("a stand-in answers with tokens in the server's place, and is gone when it is closed", async () => {
    let told = 0
    const { target: standIn, isReachedAlike } = await (await at.open({ apiKeys: ['key-a'] })).standIn!((count) => void (told += count))
    const { error, choices, address } = await standIn.send(request(), signal)
    expect(error).toBeUndefined()
    expect(choices[0]!.chunks).toBeGreaterThan(1)
    expect(at.server.calls).toHaveLength(0)
    expect(told).toBeGreaterThan(1)
    expect(isReachedAlike).toBe(true)
    await standIn.close()
    expect((await (await at.open({}, [address])).send(request(), signal)).error!.kind).toBe('connect')
  })

  test('a server that says it is not serving is not ready', async () => {
    for (const health of [1, 2]) {
      await at.target?.close()
      await at.server.close()
      at.server = await PplServer.start(clock, wire, { health })
      const prepared = (await at.open()).prepare(signal)
      if (health === 1) expect((await prepared).model).toBeUndefined()
      else await expect(prepared).rejects.toThrow('not serving yet')
    }
  })

  test('preparing is cancelled', async () => {
    const controller = new AbortController()
    const prepared = (await at.open()).prepare(controller.signal)
    controller.abort()
    await expect(prepared).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('ids differ, within a target, within a call, and between the targets of two load workers', async () => {
    at.server.play({ code: codes.UNAVAILABLE, details: '' })
    const first = await at.open()
    await first.send(request({ n: 3 }), signal)
    await first.send(request({ n: 2 }), signal)
    await first.close()
    await (await at.open()).send(request({ n: 3 }), signal)
    const ids = at.server.calls.flatMap(({ requests }) => requests.map(({ id }) => id as number))
    expect(ids).toHaveLength(8)
    expect(new Set(ids).size).toBe(8)
    expect(ids.every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true)
  })
})

describe('what is sent, as the server reads it by its .proto', () => {
  const greedy = { temperature: 0, topK: 1, topP: 0, doSample: false, repetitionPenalty: 1 }
  const messages = [
    { role: 'system', content: 'Be brief. 🙂' },
    { role: 'user', content: 'Hello' },
  ] as const
  const { signal } = new AbortController()

  describe('current', () => {
    const at = usePpl('current')
    const seen = async (more: Parameters<typeof request>[0]): Promise<Readonly<Record<string, unknown>>[]> => {
      at.server.play(...usual('current'))
      const target = await at.open()
      await target.send(request(more), signal)
      await target.close()
      return [...at.server.calls.at(-1)!.requests]
    }

    test('greedy where nothing, a temperature of 0 or no sampling is asked for', async () => {
      for (const asked of [{}, { temperature: 0, topP: 0.9 }, { temperature: 0.7, doSample: false }]) {
        const [sent] = await seen({ messages, maxTokens: 7, seed: 3, ...asked })
        expect(sent).toMatchObject({
          prompt: 'Be brief. 🙂\nHello',
          choosingParameters: greedy,
          stoppingParameters: { maxNewTokens: 7, ignoreEosToken: false },
        })
      }
    })

    test('sampling, with a seed of its own for each answer, and nothing restricted unless it is asked for', async () => {
      const sent = await seen({ n: 2, temperature: 0.5, topP: 0.25, topK: 40, seed: 2 ** 40 })
      const sampling = { temperature: 0.5, topP: 0.25, topK: 40, doSample: true, repetitionPenalty: 1 }
      expect(sent).toMatchObject([
        { choosingParameters: { ...sampling, seed: 2 ** 40 } },
        { choosingParameters: { ...sampling, seed: 2 ** 40 + 1 } },
      ])
      expect((await seen({ doSample: true }))[0]).toMatchObject({
        choosingParameters: { temperature: 1, topP: 1, topK: 0, doSample: true },
      })
    })

    test('a forced length ignores the end-of-sequence token', async () => {
      for (const asked of [{ ignoreEos: true }, { minTokens: 9 }]) {
        expect((await seen({ maxTokens: 9, ...asked }))[0]).toMatchObject({ stoppingParameters: { maxNewTokens: 9, ignoreEosToken: true } })
      }
    })
  })

  describe('legacy', () => {
    const at = usePpl('legacy')

    test('temperature, prompt and length, in the places of the older form', async () => {
      at.server.play(...usual('legacy'))
      await (await at.open()).send(request({ messages, temperature: 0.5, maxTokens: 9, ignoreEos: true }), signal)
      expect(at.server.calls[0]!.requests).toMatchObject([
        { temperature: 0.5, prompt: 'Be brief. 🙂\nHello', stoppingParameters: { maxNewTokens: 9, ignoreEosToken: true } },
      ])
    })
  })
})
