import { afterEach, beforeEach, expect } from 'vitest'
import { startClock } from '../../src/metrics/clock.ts'
import { createTarget } from '../../src/targets/create-target.ts'
import type { Answer, GenerateRequest, Target } from '../../src/targets/target.ts'
import type { Step, StreamOptions, StreamPart } from './protocol-server.ts'
import { ProtocolServer, respondStream } from './protocol-server.ts'
import type { Usage, Wire, WireOptions } from './wire.ts'
import { amsv2 } from './wires/amsv2.ts'
import { custom } from './wires/custom.ts'
import { fastdeploy } from './wires/fastdeploy.ts'
import { lightllm } from './wires/lightllm.ts'
import { llamacpp } from './wires/llamacpp.ts'
import { lmdeploy } from './wires/lmdeploy.ts'
import { ollamaChat, ollamaGenerate } from './wires/ollama.ts'
import { openaiChat, openaiCompletions } from './wires/openai.ts'
import { sglang } from './wires/sglang.ts'
import { tgi } from './wires/tgi.ts'
import { triton } from './wires/triton.ts'

/** A further target is one line here, and its wire in `wires/`. */
export const WIRES: readonly Wire[] = [
  openaiChat,
  openaiCompletions,
  fastdeploy,
  lightllm,
  amsv2,
  sglang,
  lmdeploy,
  tgi,
  triton,
  llamacpp,
  ollamaChat,
  ollamaGenerate,
  custom,
  { ...openaiChat, name: 'openai (chat) over undici', transport: 'undici' },
  { ...openaiCompletions, name: 'openai (completions) over undici', transport: 'undici' },
]

export const clock = startClock()
export const usage = { promptTokens: 11, outputTokens: 3 }

/** A server and the target that is tried on it, new for each test. */
export class Fixture {
  server!: ProtocolServer
  target: Target | undefined
  /** Chunks with tokens that the target has told of so far. */
  tokens = 0

  async open(wire: Wire, options: WireOptions = {}, baseURLs: readonly string[] = [this.server.url]): Promise<Target> {
    this.target = await createTarget(wire.spec(baseURLs, options), {
      clock,
      transport: wire.transport,
      onTokens: (count) => {
        this.tokens += count
      },
    })
    return this.target
  }

  async send(wire: Wire, more: Partial<GenerateRequest> = {}, options: WireOptions = {}): Promise<Answer> {
    return (await this.open(wire, options)).send(request(more), new AbortController().signal)
  }
}

/** Prepares the fixture for each test of a file, and sees that no connection is left open after it. */
export function useFixture(): Fixture {
  const fixture = new Fixture()
  beforeEach(async () => {
    fixture.server = await ProtocolServer.start(clock)
    fixture.tokens = 0
  })
  afterEach(async () => {
    await fixture.target?.close()
    fixture.target = undefined
    await fixture.server.idle()
    await fixture.server.close()
  })
  return fixture
}

export function request(more: Partial<GenerateRequest> = {}): GenerateRequest {
  return { messages: [{ role: 'user', content: 'Hello' }], maxTokens: 16, n: 1, stream: true, keepText: true, ...more }
}

/** Events of one answer as bytes on the wire. */
export function framesOf(wire: Wire, lineEnd?: string): (...events: readonly string[]) => string[] {
  return (...events) => (wire.inSequence?.(events) ?? events).map((data) => wire.frame(data, lineEnd))
}

/** What the protocol tells of the usage, and of why an answer finished. */
export function told(wire: Wire, reason: string): { usage: Usage | undefined; finishReason: string | undefined } {
  return {
    usage: wire.untold === undefined ? usage : wire.untold === 'prompt' ? { ...usage, promptTokens: 0 } : undefined,
    finishReason: wire.untold === 'usage and finish' ? undefined : reason,
  }
}

/** The events that end an answer whose finish and usage are separate where the protocol has it so. */
export function closing(wire: Wire): string[] {
  const end = wire.end === undefined ? [] : [wire.end]
  return wire.usage === undefined ? [wire.finish('stop', { usage }), ...end] : [wire.finish('stop'), wire.usage(usage), ...end]
}

export function usual(wire: Wire, lineEnd?: string): string[] {
  return framesOf(wire, lineEnd)(...wire.opening, wire.token('Hello'), wire.token(' wörld 🙂'), wire.token('!'), ...closing(wire))
}

export function stream(wire: Wire, parts: readonly StreamPart[], more: Partial<StreamOptions> = {}): Step[] {
  return respondStream(parts, { contentType: wire.contentType, ...more })
}

export function expectUsual(wire: Wire, answer: Answer): void {
  expect(answer.error).toBeUndefined()
  const { usage, finishReason } = told(wire, 'stop')
  expect(answer.usage).toEqual(usage)
  const [choice] = answer.choices
  expect(choice).toMatchObject({ chunks: 3, text: 'Hello wörld 🙂!' })
  expect(choice!.finishReason).toBe(finishReason)
  expect(choice!.gapsMs).toHaveLength(2)
  expectOrder(answer)
}

export function expectOrder(answer: Answer): void {
  for (const choice of answer.choices) {
    expect(answer.sentNs!).toBeLessThanOrEqual(choice.firstTokenNs!)
    expect(choice.firstTokenNs!).toBeLessThanOrEqual(choice.lastTokenNs!)
    expect(choice.lastTokenNs!).toBeLessThanOrEqual(answer.endNs)
  }
}
