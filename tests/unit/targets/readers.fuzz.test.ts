// Answers of every protocol, cut at random places and with garbage between: equal bytes make equal answers, and nothing breaks.
import { expect, test } from 'vitest'
import { createRandom } from '../../../src/datasets/sampling.ts'
import type { Random } from '../../../src/datasets/sampling.ts'
import { AnswerBuilder } from '../../../src/targets/answer.ts'
import type { EventForm } from '../../../src/targets/chunk-shapes.ts'
import { ChunkShapes } from '../../../src/targets/chunk-shapes.ts'
import { StreamReader } from '../../../src/targets/readers.ts'
import type { Answer } from '../../../src/targets/target.ts'
import { WireError } from '../../../src/targets/wire/failure.ts'
import { PROTOCOLS } from './protocols/all.ts'

const ROUNDS = 40
const PIECES = ['a', ' the', '', '"', '\\', 'ü', '🙂', '\n', ' ', '}', 'data: ', '[DONE]', '\u0000']

/** What the answers of a protocol have taught so far, as a target keeps it. */
const taught = new Map<EventForm['decode'], ChunkShapes>()

/** The answer that these reads make; with the error that ended it, where one did. */
function answerOf(form: EventForm & { readonly tellsFinish?: boolean }, reads: readonly Buffer[]): Answer | string {
  const answer = new AnswerBuilder(1, true, true, form.tellsFinish)
  const shapes = taught.get(form.decode) ?? new ChunkShapes(form)
  taught.set(form.decode, shapes)
  const reader = new StreamReader(form, shapes, answer, () => {})
  try {
    for (const bytes of reads) reader.read(bytes, 0, bytes.length, 1)
    reader.end()
  } catch (error) {
    if (error instanceof WireError) return error.message
    throw error
  }
  return answer.build({ endNs: 1 }, '', true)
}

function cutAnywhere(bytes: Buffer, random: Random): Buffer[] {
  const reads: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.int(random.int(2) === 0 ? 8 : 300)
    reads.push(bytes.subarray(at, at + size))
    at += size
  }
  return reads
}

/** The protocol's sample with further texts, many of them alike but for the text. */
function longAnswer(sample: string, framing: EventForm['framing'], random: Random): string {
  const end = framing === 'sse' ? '\n\n' : '\n'
  const [first = '', second = '', ...rest] = sample.split(end)
  const more = Array.from({ length: 20 }, () => {
    const piece = Array.from({ length: 1 + random.int(3) }, () => PIECES[random.int(PIECES.length)]!).join('')
    return second.replace(/(Hello| there)(?=")/, JSON.stringify(piece).slice(1, -1))
  })
  return [first, second, ...more, ...rest].join(end)
}

function damaged(bytes: Buffer, random: Random): Buffer {
  const damage = Buffer.from(bytes)
  for (let i = 0; i <= random.int(4); i++) damage[random.int(damage.length)] = random.int(3) === 0 ? 10 : random.int(256)
  return random.int(3) === 0 ? damage.subarray(0, random.int(damage.length)) : damage
}

test.each(PROTOCOLS)('$call', (protocol) => {
  const random = createRandom(7, 0)
  let whole = 0
  for (let round = 0; round < ROUNDS; round++) {
    const sound = Buffer.from(longAnswer(protocol.sampleAnswer, protocol.framing, random))
    for (const bytes of [sound, damaged(sound, random), Buffer.from(Array.from({ length: 300 }, () => random.int(256)))]) {
      const expected = answerOf(protocol, [bytes])
      if (typeof expected !== 'string' && expected.error === undefined) whole++
      for (let cut = 0; cut < 4; cut++) expect(answerOf(protocol, cutAnywhere(bytes, random))).toEqual(expected)
    }
  }
  expect(whole).toBeGreaterThanOrEqual(ROUNDS)
})
