import { expect, test } from 'vitest'
import type { Random } from '../../../src/datasets/sampling.ts'
import { createRandom } from '../../../src/datasets/sampling.ts'
import { AnswerBuilder } from '../../../src/targets/answer.ts'
import { ChunkShapes, Witness } from '../../../src/targets/chunk-shapes.ts'
import { decode } from '../../../src/targets/protocols/openai/decode.ts'
import { openaiProtocol } from '../../../src/targets/protocols/openai/protocol.ts'
import { StreamReader } from '../../../src/targets/readers.ts'

const chunk = (delta: object, more: object = {}, top: object = {}) =>
  JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: null, ...more }], ...top })

/** What the parser tells of an event. */
function told(json: string): unknown[][] | 'error' {
  const calls: unknown[][] = []
  try {
    decode(json, {
      token: (...call) => call[1] !== '' && calls.push(['token', ...call]),
      textSoFar: (...call) => calls.push(['so far', ...call]),
      finish: (...call) => calls.push(['finish', ...call]),
      usage: (...call) => calls.push(['usage', ...call]),
      serverError: (...call) => calls.push(['error', ...call]),
    })
  } catch {
    return 'error'
  }
  return calls
}

/** What the shapes tell of an event, as data and framed; undefined where none matches. Bytes of another event lie around it. */
function known(shapes: ChunkShapes, json: string): unknown[][] | undefined {
  const around = Buffer.from(`data: ${chunk({ content: 'other' })}\n\n`)
  const data = Buffer.from(json)
  const whole = Buffer.concat([around, Buffer.from('data: '), data, Buffer.from('\n\n'), around])
  const [start, end] = [around.length, around.length + data.length + 8]
  const shape = shapes.matchData(whole, start + 6, end - 2)
  const asData = shape && [['token', shape.choice, shapes.textIn(whole), shape.kind]]
  const framed = shapes.matchEvent(whole, start, end)
  expect(framed === undefined).toBe(shape === undefined)
  if (framed !== undefined) {
    expect(shapes.end).toBe(end)
    expect([['token', framed.choice, shapes.textIn(whole), framed.kind]]).toEqual(asData)
    // Cut anywhere before its end, it is not known.
    for (const cut of [end - 1, end - 2, end - 3, start + 40]) expect(shapes.matchEvent(whole, start, cut)).toBeUndefined()
  }
  return asData
}

function learnt(...events: string[]): ChunkShapes {
  const shapes = new ChunkShapes(openaiProtocol)
  for (const json of [events[0]!, ...events]) {
    const witness = new Witness()
    decode(json, witness)
    shapes.learn(json, witness)
  }
  return shapes
}

test.each([
  ['other text', 'b'],
  ['escapes', 'a"\\\n\u0001\u2028'],
  ['emoji', '🙂 ünïcode'],
  ['what looks like JSON', '"},"finish_reason":"stop"'],
])('an event that differs by its text alone is known: %s', (_, content) => {
  const shapes = learnt(chunk({ content: 'a' }))
  expect(known(shapes, chunk({ content }))).toEqual([['token', 0, content, 'answer']])
})

test.each([
  ['no text', chunk({ content: '' })],
  ['null', chunk({ content: null })],
  ['a finish reason', chunk({ content: 'a' }, { finish_reason: 'stop' })],
  ['usage', chunk({ content: 'a' }, {}, { usage: { prompt_tokens: 1, completion_tokens: 2 } })],
  ['another choice', chunk({ content: 'a' }, { index: 1 })],
  ['another key', chunk({ reasoning_content: 'a' })],
  ['a raw control character', chunk({ content: 'x' }).replace('"x"', '"\u0001"')],
  ['an escape that is none', chunk({ content: 'x' }).replace('"x"', String.raw`"\q"`)],
  ['half an escape', chunk({ content: 'x' }).replace('"x"', String.raw`"\u12g4"`)],
  ['something behind it', `${chunk({ content: 'x' })} `],
])('is not known: %s', (_, json) => {
  expect(known(learnt(chunk({ content: 'a' })), json)).toBeUndefined()
})

test.each([
  ['a text that is in several places', chunk({ content: 'c-1' }), chunk({ content: 'z' }), 'answer'],
  ['reasoning', chunk({ reasoning_content: 'a', content: null }), chunk({ reasoning_content: 'z', content: null }), 'reasoning'],
  [
    'arguments of a tool call',
    chunk({ tool_calls: [{ index: 0, function: { arguments: 'a' } }] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: 'z' } }] }),
    'answer',
  ],
])('is learnt: %s', (_, event, other, kind) => {
  expect(known(learnt(event), other)).toEqual([['token', 0, 'z', kind]])
})

test.each([
  ['a text put together of two', chunk({ tool_calls: [{ index: 0, function: { name: 'f', arguments: 'x' } }] })],
  ['two texts', chunk({ content: 'a', reasoning_content: 'b' })],
  ['a text with a finish', chunk({ content: 'a' }, { finish_reason: 'stop' })],
  ['data of several lines', chunk({ content: 'a' }).replace(',', ',\n')],
])('is not learnt: %s', (_, event) => {
  expect(known(learnt(event), event)).toBeUndefined()
})

test.each([
  ['another id', { id: 'chatcmpl-ü"\\ 2' }],
  ['no id to speak of', { id: '' }],
  ['another time', { created: 1760000001 }],
  ['time zero', { created: 0 }],
  ['another id and time', { id: 'x', created: 12, system_fingerprint: 'fp {"content":"y"}' }],
])('an event of another answer is known: %s', (_, top) => {
  const shapes = learnt(chunk({ content: 'a' }, {}, { created: 1760000000, system_fingerprint: 'fp' }))
  const other = chunk({ content: 'b' }, {}, { created: 1760000000, system_fingerprint: 'fp', ...top })
  expect(known(shapes, other)).toEqual([['token', 0, 'b', 'answer']])
})

test.each([
  ['a fraction', '1.5'],
  ['a number that JSON does not have', '01'],
  ['a sign', '-1'],
  ['an exponent', '1e9'],
  ['null', 'null'],
  ['a string', '"1"'],
  ['nothing', ''],
])('is left to the parser in the place of a whole number: %s', (_, value) => {
  const event = chunk({ content: 'a' }, {}, { created: 1760000000 })
  expect(known(learnt(event), event.replace('1760000000', value))).toBeUndefined()
})

test('an id is no place for a raw control character, nor for the end of the event', () => {
  const event = chunk({ content: 'a' })
  const shapes = learnt(event)
  expect(known(shapes, event.replace('c-1', 'c\u0001'))).toBeUndefined()
  expect(known(shapes, event.replace('"c-1"', String.raw`"c\q"`))).toBeUndefined()
  expect(known(shapes, event.replace('"c-1"', '"c-1","choices":[]'))).toBeUndefined()
})

test('where each event holds something of its own, learning is given up for a while', () => {
  const shapes = new ChunkShapes(openaiProtocol)
  const learn = (i: number): string => {
    const witness = new Witness()
    const json = JSON.stringify({ step: i, choices: [{ index: 0, delta: { content: 'a' } }] })
    decode(json, witness)
    shapes.learn(json, witness)
    return json
  }
  learn(0)
  expect(known(shapes, learn(1))).toBeDefined()
  for (let i = 2; i < 200; i++) learn(i)
  expect(known(shapes, learn(200))).toBeUndefined()
})

test('what the streams before it have taught, a stream knows from its first text on', () => {
  const shapes = new ChunkShapes(openaiProtocol)
  let parsed = 0
  const form = {
    ...openaiProtocol,
    decode: (...[json, sink]: Parameters<typeof decode>) => {
      parsed++
      decode(json, sink)
    },
  }
  for (const id of ['c-1', 'c-2', 'c-3']) {
    const answer = new AnswerBuilder(1, true)
    const reader = new StreamReader(form, shapes, answer, () => {})
    const events = Array.from({ length: 20 }, (_, i) => `data: ${chunk({ content: ` ${i}` }, {}, { id, created: 7 })}\n\n`)
    for (const bytes of events.map((event) => Buffer.from(event))) reader.read(bytes, 0, bytes.length, 0)
    expect(answer.tokenChunks).toBe(20)
  }
  expect(parsed).toBeLessThan(5)
})

test('of 30,000 events of all kinds, what is known by its bytes is what the parser says', () => {
  const random = createRandom(74, 0)
  let matched = 0
  for (let stream = 0; stream < 1500; stream++) {
    const shapes = new ChunkShapes(openaiProtocol)
    const style = styleOf(random)
    for (let i = 0; i < 20; i++) {
      const json = someEvent(random, style)
      const truth = told(json)
      const claimed = known(shapes, json)
      if (claimed !== undefined) {
        matched++
        expect(claimed, json).toEqual(truth)
      } else if (truth !== 'error') {
        const witness = new Witness()
        decode(json, witness)
        shapes.learn(json, witness)
      }
    }
  }
  expect(matched).toBeGreaterThan(5000)
})

test('a stream is the same answer with shapes as without, however it is cut', () => {
  const random = createRandom(75, 0)
  const shapes = new ChunkShapes(openaiProtocol)
  for (let stream = 0; stream < 300; stream++) {
    const style = styleOf(random)
    const events = Array.from({ length: 30 }, () => someEvent(random, style)).filter((json) => told(json) !== 'error')
    const lineEnd = random.int(4) === 0 ? '\r\n' : '\n'
    const bytes = Buffer.from(events.map((json) => `${random.int(9) === 0 ? ': ping\n' : ''}data: ${json}${lineEnd}${lineEnd}`).join(''))
    const parsed = new AnswerBuilder(4, true)
    for (const json of events) {
      parsed.beginChunk(0)
      decode(json, parsed)
    }
    const read = new AnswerBuilder(4, true)
    let tokens = 0
    const reader = new StreamReader(openaiProtocol, shapes, read, (count) => (tokens += count))
    // As sockets have it: all reads lie in one buffer.
    const buffer = Buffer.alloc(4096, 'data: {"x"\n\n')
    for (let at = 0; at < bytes.length;) {
      const size = Math.min(bytes.length - at, 1 + random.int(random.int(2) === 0 ? 40 : 1000))
      const start = random.int(1000)
      bytes.copy(buffer, start, at, at + size)
      reader.read(buffer, start, start + size, 0)
      at += size
    }
    reader.end()
    const exchange = { sentNs: 0, endNs: 0 }
    expect(read.build(exchange, '', true)).toEqual(parsed.build(exchange, '', true))
    expect(tokens).toBe(parsed.tokenChunks)
  }
})

/** How one server writes its events. */
interface Style {
  readonly chat: boolean
  readonly spaces: boolean
  readonly reordered: boolean
  readonly logprobs: boolean
  readonly more: object
}

function styleOf(random: Random): Style {
  return {
    chat: random.int(3) > 0,
    spaces: random.int(4) === 0,
    reordered: random.int(3) === 0,
    logprobs: random.int(8) === 0,
    more: pick(random, [
      {},
      { usage: null },
      { created: random.int(3) === 0 ? 0 : random.int(100) },
      { system_fingerprint: 'fp {"content":"x"}' },
      { created: 1.5e9, nested: { delta: { content: 'deep' } } },
    ]),
  }
}

const TEXTS = [
  'a',
  ' the',
  '',
  '\n',
  '"',
  '\\',
  '\\"',
  'ü',
  '🙂',
  '\u2028',
  '\u0000',
  '\ud800',
  '"}]}',
  '{"content":"x"}',
  'content',
  'data: ',
  '[DONE]',
  '0',
  'null',
  '~',
  'a~',
  '</think>',
  'c-1',
  'assistant',
]

function someEvent(random: Random, style: Style): string {
  const text = pick(random, TEXTS) + (random.int(3) === 0 ? pick(random, TEXTS) : '')
  const odd = random.int(12)
  const delta: Record<string, unknown> = { content: text }
  if (odd === 0) delta.role = 'assistant'
  if (odd === 1) delta.reasoning_content = pick(random, TEXTS)
  if (odd === 2) delta.content = pick(random, [null, 7, [{ type: 'text', text }, { type: 'image' }], { text }])
  if (odd === 3) {
    delete delta.content
    delta.tool_calls = [{ index: 0, id: 'call', function: pick(random, [{ name: 'f', arguments: '' }, { arguments: text }]) }]
  }
  if (odd === 4) delta.refusal = text
  const choice: Record<string, unknown> = {
    index: random.int(10) === 0 ? random.int(3) : 0,
    ...(style.chat ? { delta } : { text }),
    logprobs: style.logprobs ? { content: [{ token: text, logprob: -0.5, bytes: [1], top_logprobs: [] }] } : null,
    finish_reason: odd === 5 ? pick(random, ['stop', '', 'length']) : null,
  }
  const event: Record<string, unknown> = {
    id: odd === 6 ? pick(random, ['c-2', '', 'ü"\\', '\u0000', 7, null]) : 'c-1',
    object: odd === 7 && random.int(3) === 0 ? 'error' : 'chunk',
    choices: odd === 8 ? [] : odd === 9 ? [choice, choice] : [choice],
    ...style.more,
  }
  if (odd === 10) event.usage = { prompt_tokens: 3, completion_tokens: random.int(3) }
  if (odd === 11 && random.int(3) === 0) event.code = 500
  const ordered = style.reordered ? reversed(event) : event
  const json = style.spaces ? JSON.stringify(ordered, null, 1).replaceAll('\n', ' ') : JSON.stringify(ordered)
  return mutated(random, json)
}

/** Now and then another spelling of the same, or something broken. */
function mutated(random: Random, json: string): string {
  const how = random.int(60)
  if (how === 0) return json.slice(0, random.int(json.length))
  if (how === 1) return json.replace('"content"', String.raw`"con\u0074ent"`)
  if (how === 2) return json.replaceAll('u', String.raw`\u0075`).replaceAll('a', String.raw`\u0061`)
  if (how === 3) return ` ${json} `
  if (how === 4) return json.replace('"content":', '"content":"twice","content":')
  if (how === 5) {
    const at = random.int(json.length)
    return json.slice(0, at) + pick(random, ['"', '\\', '}', ',', '1', '\u0001', 'x']) + json.slice(at + random.int(2))
  }
  return json
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversed(inner)]),
  )
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.int(items.length)]!
}
