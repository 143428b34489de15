import { afterEach, beforeEach, expect } from 'vitest'
import { ppl } from '../../../src/dsl/ppl-target.ts'
import { startClock } from '../../../src/metrics/clock.ts'
import { createTarget } from '../../../src/targets/create-target.ts'
import type { PplWire } from '../../../src/targets/ppl/messages.ts'
import type { Answer, GenerateRequest, Target } from '../../../src/targets/target.ts'
import { expectOrder, request } from '../target-fixture.ts'
import type { PplStep, ResponseFields } from './server.ts'
import { PplServer } from './server.ts'

export const WIRES: readonly PplWire[] = ['current', 'legacy']

export const clock = startClock()

type Options = Partial<Parameters<typeof ppl>[0]>

/** A server and the target that is tried on it, new for each test. */
export class PplFixture {
  readonly wire: PplWire
  server!: PplServer
  target: Target | undefined
  /** Messages with tokens that the target has told of so far. */
  tokens = 0
  onTokens: () => void = () => {}

  constructor(wire: PplWire) {
    this.wire = wire
  }

  async open(options: Options = {}, baseURLs: readonly string[] = [this.server.url]): Promise<Target> {
    this.target = await createTarget(ppl({ baseURLs: [...baseURLs], wire: this.wire, ...options }), {
      clock,
      onTokens: (count) => {
        this.tokens += count
        this.onTokens()
      },
    })
    return this.target
  }

  async send(more: Partial<GenerateRequest> = {}, options: Options = {}): Promise<Answer> {
    return (await this.open(options)).send(request(more), new AbortController().signal)
  }
}

/** Prepares the fixture for each test of a block, and sees that no connection is left open after it. */
export function usePpl(wire: PplWire): PplFixture {
  const fixture = new PplFixture(wire)
  beforeEach(async () => {
    fixture.server = await PplServer.start(clock, wire)
    fixture.tokens = 0
    fixture.onTokens = () => {}
  })
  afterEach(async () => {
    await fixture.target?.close()
    fixture.target = undefined
    await fixture.server.idle()
    await fixture.server.close()
  })
  return fixture
}

let nextToken = 100

/** A response with one token. */
export function token(generated: string, more: ResponseFields = {}): ResponseFields {
  return { generated, tokens: { ids: [nextToken++] }, ...more }
}

/** The last response of an answer; the older form has no detail. */
export function finished(wire: PplWire, finishReason: string, more: ResponseFields = {}): ResponseFields {
  return { status: 'FINISHED', ...(wire === 'current' ? { detail: { finishReason } } : {}), ...more }
}

export const STOP = 'FINISH_REASON_EOS_TOKEN'

export function usual(wire: PplWire): PplStep[] {
  return [{ write: [{}] }, { write: [token('Hello')] }, { write: [token(' wörld 🙂')] }, { write: [finished(wire, STOP, token('!'))] }]
}

/** How an answer has finished that ended by itself: the older form can't tell. */
export function stopped(wire: PplWire): string {
  return wire === 'current' ? 'stop' : 'unknown'
}

export function expectUsual(answer: Answer, wire: PplWire): void {
  expect(answer.error).toBeUndefined()
  expect(answer.usage).toEqual({ promptTokens: 0, outputTokens: 3 })
  const [choice] = answer.choices
  expect(choice).toMatchObject({ chunks: 3, finishReason: stopped(wire), text: 'Hello wörld 🙂!' })
  expect(choice!.gapsMs).toHaveLength(2)
  expectOrder(answer)
}
