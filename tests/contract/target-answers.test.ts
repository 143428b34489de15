import { describe, expect, test } from 'vitest'
import { closing, expectOrder, expectUsual, framesOf, stream, told, usage, useFixture, usual, WIRES } from './target-fixture.ts'
import { head, httpChunk, respondJSON } from './protocol-server.ts'

const at = useFixture()

describe.each(WIRES)('$name', (wire) => {
  const frames = framesOf(wire)

  test('a usual stream: text, counts, finish reason, and times in order', async () => {
    at.server.play(stream(wire, usual(wire)))
    expectUsual(wire, await at.send(wire))
    expect(at.tokens).toBe(3)
    expect(at.server.requests).toHaveLength(1)
  })

  test('the first token is the first text, not an opening event, and is not before the server wrote it', async () => {
    const [first, ...rest] = frames(wire.token('Hello'), ...closing(wire))
    at.server.play(stream(wire, [...frames(...wire.opening), { write: first!, mark: 'first' }, ...rest]))
    const answer = await at.send(wire)
    expect(answer.choices[0]!.firstTokenNs!).toBeGreaterThan(at.server.marks.get('first')!)
    expect(answer.choices[0]!.chunks).toBe(1)
  })

  test('the last token is the last text, not the finish, the usage or the end', async () => {
    const [finish, ...rest] = frames(...closing(wire))
    at.server.play(
      stream(wire, [
        ...frames(wire.token('a'), wire.token('b')),
        { until: () => at.tokens === 2 },
        { write: finish!, mark: 'finish' },
        ...rest,
      ]),
    )
    const answer = await at.send(wire)
    expect(answer.choices[0]!.lastTokenNs!).toBeLessThan(at.server.marks.get('finish')!)
    expect(answer.endNs).toBeGreaterThan(at.server.marks.get('finish')!)
  })

  test('several tokens in one chunk: the server counts them, the chunks are counted apart', async () => {
    at.server.play(stream(wire, frames(wire.token('one two three'), ...closing(wire))))
    const answer = await at.send(wire)
    expect(answer.usage).toEqual(told(wire, 'stop').usage)
    expect(answer.choices[0]!.chunks).toBe(1)
  })

  test('text and usage in the finish chunk count', async () => {
    at.server.play(stream(wire, frames(wire.token('a'), wire.finish('length', { text: 'b', usage }), ...(wire.end ? [wire.end] : []))))
    const answer = await at.send(wire)
    expect(answer.error).toBeUndefined()
    expect(answer).toMatchObject({ choices: [{ chunks: 2, text: 'ab' }] })
    expect({ usage: answer.usage, finishReason: answer.choices[0]!.finishReason }).toEqual(told(wire, 'length'))
  })

  test.skipIf(wire.reasoning === undefined)('reasoning is the first token, the answer comes after it', async () => {
    const [thought, ...rest] = frames(wire.reasoning!('Hm. '), wire.token('Yes'), ...closing(wire))
    at.server.play(
      stream(wire, [
        ...frames(...wire.opening),
        thought!,
        { until: () => at.tokens === 1 },
        { write: rest[0]!, mark: 'answer' },
        ...rest.slice(1),
      ]),
    )
    const [choice] = (await at.send(wire)).choices
    expect(choice!.firstTokenNs!).toBeLessThan(at.server.marks.get('answer')!)
    expect(choice!.firstAnswerNs!).toBeGreaterThan(at.server.marks.get('answer')!)
    expect(choice).toMatchObject({ chunks: 2, text: 'Hm. Yes' })
  })

  test('events of one read have one time', async () => {
    const body = usual(wire).map((event) => httpChunk(event))
    const start = head(200, { 'content-type': wire.contentType, 'transfer-encoding': 'chunked' })
    at.server.play([{ write: Buffer.concat([Buffer.from(start), ...body, Buffer.from('0\r\n\r\n')]) }])
    const [choice] = (await at.send(wire)).choices
    expect(choice!.chunks).toBe(3)
    expect(Array.from(choice!.gapsMs)).toEqual([0, 0])
    expect(choice!.firstTokenNs).toBe(choice!.lastTokenNs)
  })

  test('a stream cut at every byte is the same answer', async () => {
    at.server.play(stream(wire, usual(wire), { cut: (bytes) => Array.from(bytes, (byte) => Buffer.from([byte])) }))
    expectUsual(wire, await at.send(wire))
  })

  test('line ends of CRLF, cut at every byte, are the same answer', async () => {
    at.server.play(stream(wire, usual(wire, '\r\n'), { cut: (bytes) => Array.from(bytes, (byte) => Buffer.from([byte])) }))
    expectUsual(wire, await at.send(wire))
  })

  test.skipIf(wire.comment === undefined)('comments are skipped', async () => {
    at.server.play(
      stream(
        wire,
        usual(wire).flatMap((event) => [wire.comment!, event]),
      ),
    )
    expectUsual(wire, await at.send(wire))
  })

  test.skipIf(wire.end === undefined)('without the end mark a finish reason is enough', async () => {
    at.server.play(stream(wire, usual(wire).slice(0, -1)))
    expectUsual(wire, await at.send(wire))
  })

  test.skipIf(wire.end === undefined)('what goes wrong after the end mark is no failure', async () => {
    at.server.play(stream(wire, usual(wire), { end: 'close' }))
    expectUsual(wire, await at.send(wire))
  })

  test.skipIf(wire.untold === 'usage and finish')('text is dropped where the server counts and nobody asked for it', async () => {
    at.server.play(stream(wire, usual(wire)))
    const answer = await at.send(wire, { keepText: false })
    expect(answer.choices[0]).toMatchObject({ text: '', chunks: 3 })
  })

  test.skipIf(wire.countsEach)('text is kept where it must be counted', async () => {
    at.server.play(stream(wire, frames(wire.token('Hello'), wire.finish('stop'))))
    const uncounted = await at.send(wire, { keepText: false })
    expect(uncounted.usage).toBeUndefined()
    expect(uncounted.choices[0]!.text).toBe('Hello')
  })

  test('an empty chunk is no token, the first of a stream least of all', async () => {
    const [empty, first, ...rest] = frames(wire.token(''), wire.token('a'), wire.token(''), wire.token('b'), ...closing(wire))
    at.server.play(stream(wire, [empty!, { write: first!, mark: 'first' }, ...rest]))
    const [choice] = (await at.send(wire)).choices
    expect(choice).toMatchObject({ chunks: 2, text: 'ab' })
    expect(choice!.firstTokenNs!).toBeGreaterThan(at.server.marks.get('first')!)
  })

  test.skipIf(wire.single)('two answers in one request are kept apart', async () => {
    at.server.play(
      stream(
        wire,
        frames(
          wire.token('a', 0),
          wire.token('x', 1),
          wire.token('b', 0),
          wire.finish('stop', { choice: 0 }),
          wire.token('y', 1),
          wire.token('z', 1),
          wire.finish('length', { choice: 1, usage }),
        ),
      ),
    )
    const answer = await at.send(wire, { n: 2 })
    expect(answer.error).toBeUndefined()
    expect(answer.choices).toMatchObject([
      { text: 'ab', chunks: 2, finishReason: 'stop' },
      { text: 'xyz', chunks: 3, finishReason: 'length' },
    ])
    expectOrder(answer)
  })

  test.skipIf(wire.single)('fewer answers than were asked for are a failure', async () => {
    at.server.play(stream(wire, usual(wire)))
    expect((await at.send(wire, { n: 2 })).error).toMatchObject({
      kind: 'protocol',
      message: expect.stringContaining('2 answers') as string,
    })
  })

  test('without a stream the end is the last byte, and there is no first token', async () => {
    at.server.play(respondJSON(wire.document(['Hello you'], 'stop', usage)))
    const answer = await at.send(wire, { stream: false })
    expect(answer.error).toBeUndefined()
    expect({ usage: answer.usage, finishReason: answer.choices[0]!.finishReason }).toEqual(told(wire, 'stop'))
    expect(answer.choices[0]).toMatchObject({ chunks: 1, text: 'Hello you' })
    expect(answer.choices[0]!.firstTokenNs).toBeUndefined()
    expect(answer.choices[0]!.lastTokenNs!).toBeGreaterThan(answer.sentNs!)
    expect(answer.choices[0]!.lastTokenNs!).toBeLessThanOrEqual(answer.endNs)
  })
})
