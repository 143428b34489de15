import { describe, expect, test } from 'vitest'
import { expectOrder, request } from '../target-fixture.ts'
import { clock, expectUsual, finished, STOP, stopped, token, usePpl, usual, WIRES } from './fixture.ts'

describe.each(WIRES)('ppl (%s)', (wire) => {
  const at = usePpl(wire)

  test('a usual stream: text, counts, finish reason, and times in order', async () => {
    at.server.play(...usual(wire))
    expectUsual(await at.send(), wire)
    expect(at.tokens).toBe(3)
    expect(at.server.calls).toHaveLength(1)
  })

  test('the first token is the first with a token, not an empty message, and is not before the server wrote it', async () => {
    at.server.play({ write: [{}] }, { write: [token('a')], mark: 'first' }, { write: [finished(wire, STOP)] })
    const answer = await at.send()
    expect(answer.choices[0]!.firstTokenNs!).toBeGreaterThan(at.server.marks.get('first')!)
    expect(answer.choices[0]!.chunks).toBe(1)
  })

  test('sent is when the request goes out: after the connection was opened, before the server has it; a long one in parts', async () => {
    at.server.play(...usual(wire))
    for (const content of ['Hello', 'x'.repeat(1_000_000)]) {
      const begunNs = clock.now()
      const answer = await at.send({ messages: [{ role: 'user', content }] })
      expectUsual(answer, wire)
      expect(answer.sentNs!).toBeGreaterThanOrEqual(begunNs + answer.connectNs!)
      expect(answer.sentNs!).toBeLessThan(at.server.marks.get('asked')!)
      await at.target!.close()
    }
  })

  test('the last token is the last with a token, not the finish', async () => {
    at.server.play(
      { write: [token('a')] },
      { write: [token('b')] },
      { until: () => at.tokens === 2 },
      { write: [finished(wire, STOP)], mark: 'finish' },
    )
    const answer = await at.send()
    expect(answer.choices[0]!.lastTokenNs!).toBeLessThan(at.server.marks.get('finish')!)
    expect(answer.endNs).toBeGreaterThan(at.server.marks.get('finish')!)
    expect(answer.usage!.outputTokens).toBe(2)
  })

  test('several tokens in one response, and several responses in one message: ids are counted, messages apart', async () => {
    at.server.play(
      { write: [token('one two', { tokens: { ids: [1, 2] } })] },
      { write: [token(' three'), finished(wire, STOP, token(' four'))] },
    )
    const answer = await at.send()
    expect(answer.usage!.outputTokens).toBe(4)
    expect(answer.choices[0]).toMatchObject({ chunks: 2, text: 'one two three four' })
  })

  test('a token without text counts: an id of the end, or ids alone', async () => {
    at.server.play({ write: [{ tokens: { ids: [5] } }] }, { write: [finished(wire, STOP, { tokens: { ids: [2] } })] })
    const answer = await at.send()
    expect(answer).toMatchObject({ error: undefined, usage: { outputTokens: 2 } })
    expect(answer.choices[0]).toMatchObject({ chunks: 2, text: '', finishReason: stopped(wire) })
  })

  test('text without ids is counted by nobody, so that it is kept', async () => {
    at.server.play({ write: [{ generated: 'Hello' }] }, { write: [finished(wire, STOP, { generated: ' you' })] })
    const answer = await at.send({ keepText: false })
    expect(answer.usage).toBeUndefined()
    expect(answer.choices[0]).toMatchObject({ chunks: 2, text: 'Hello you' })
  })

  test('text is dropped where ids come and nobody asked for it', async () => {
    at.server.play(...usual(wire))
    const target = await at.open()
    const { signal } = new AbortController()
    for (let i = 0; i < 2; i++) {
      const answer = await target.send(request({ keepText: false }), signal)
      expect(answer.choices[0]).toMatchObject({ text: '', chunks: 3, finishReason: stopped(wire) })
      expect(answer.usage!.outputTokens).toBe(3)
    }
  })

  test('without a stream there are no times of tokens, though the server streams', async () => {
    at.server.play(...usual(wire))
    const answer = await at.send({ stream: false })
    expect(answer).toMatchObject({ error: undefined, usage: { outputTokens: 3 } })
    const [choice] = answer.choices
    expect(choice).toMatchObject({ chunks: 3, text: 'Hello wörld 🙂!', firstTokenNs: undefined, firstAnswerNs: undefined })
    expect(choice!.gapsMs).toHaveLength(0)
    expect(choice!.lastTokenNs!).toBeGreaterThan(answer.sentNs!)
    expect(choice!.lastTokenNs!).toBeLessThanOrEqual(answer.endNs)
    await at.target!.close()
    at.server.play({ write: [token('a')] })
    expect((await at.send({ stream: false })).error!.kind).toBe('truncated')
  })

  test.runIf(wire === 'current')('finish reasons', async () => {
    const reasons: (string | undefined)[] = []
    for (const reason of ['FINISH_REASON_LENGTH', 'FINISH_REASON_EOS_TOKEN', 'FINISH_REASON_STOP_SEQUENCE']) {
      at.server.play({ write: [finished(wire, reason, token('a'))] })
      reasons.push((await at.send()).choices[0]!.finishReason)
      await at.target!.close()
    }
    expect(reasons).toEqual(['length', 'stop', 'stop'])
  })

  test('two answers in one call are kept apart', async () => {
    at.server.play(
      { write: [token('a', { answer: 0 }), token('x', { answer: 1 })] },
      { write: [finished(wire, STOP, token('b', { answer: 0 }))] },
      { write: [token('y', { answer: 1 })] },
      { write: [finished(wire, 'FINISH_REASON_LENGTH', token('z', { answer: 1 }))] },
    )
    const answer = await at.send({ n: 2 })
    expect(answer.error).toBeUndefined()
    expect(answer.usage!.outputTokens).toBe(5)
    expect(answer.choices).toMatchObject([
      { text: 'ab', chunks: 2, finishReason: stopped(wire) },
      { text: 'xyz', chunks: 3, finishReason: wire === 'current' ? 'length' : 'unknown' },
    ])
    expectOrder(answer)
  })

  test('fewer answers than were asked for are a failure', async () => {
    at.server.play(...usual(wire))
    expect((await at.send({ n: 2 })).error).toMatchObject({ kind: 'protocol', message: expect.stringContaining('2 answers') as string })
  })

  test('a message that is cut over many reads is one token', async () => {
    const long = 'x'.repeat(300_000)
    at.server.play({ write: [token(long)] }, { write: [finished(wire, STOP)] })
    expect((await at.send()).choices[0]).toMatchObject({ chunks: 1, text: long })
  })

  test('messages by the hundred come in order', async () => {
    const words = Array.from({ length: 300 }, (_, i) => `${i} `)
    at.server.play(...words.map((word) => ({ write: [token(word)] })), { write: [finished(wire, STOP)] })
    const answer = await at.send()
    expect(answer.choices[0]).toMatchObject({ chunks: 300, text: words.join('') })
    expect(answer.usage!.outputTokens).toBe(300)
    expect(Math.min(...Array.from(answer.choices[0]!.gapsMs))).toBeGreaterThanOrEqual(0)
  })
})
