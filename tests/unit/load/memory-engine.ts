import type { Engine, EngineAnswer, EngineInfo, EngineRequest, GenerateOptions, OneBatchInput } from '../../../src/engines/engine.ts'
import { startClock } from '../../../src/metrics/clock.ts'
import type { BatchCase } from '../../../src/metrics/record.ts'

/** An engine that answers at once, with made-up times, and remembers what it was asked. `prompt 3` is too long for it. */
export class MemoryEngine implements Engine {
  readonly info: EngineInfo
  readonly generated: (readonly EngineRequest[])[] = []
  readonly batches: OneBatchInput[] = []
  onCall: (index: number) => void = () => {}
  inFlight = 0
  mostInFlight = 0

  constructor(info: Partial<EngineInfo> = {}) {
    this.info = { name: 'memory', version: '1', model: 'tiny', contextLength: 1000, streams: true, ...info }
  }

  async generate(requests: readonly EngineRequest[], { originNs, signal, onTokens, onAnswer }: GenerateOptions): Promise<EngineAnswer[]> {
    this.generated.push(requests)
    this.mostInFlight = Math.max(this.mostInFlight, (this.inFlight += requests.length))
    await new Promise((resolve) => setImmediate(resolve))
    this.inFlight -= requests.length
    const clock = startClock(originNs)
    return requests.map((request, index) => {
      this.onCall(index)
      const at = clock.now()
      const tokens = request.maxTokens
      const base = { text: 'text', sentNs: at, promptTokens: 4, gapsMs: new Float32Array(tokens - 1) }
      const failed = request.messages[0]!.content === 'prompt 3'
      const error = signal.aborted ? 'cancelled' : failed ? 'too long' : undefined
      const times = this.info.streams ? { firstTokenNs: at + 1e6, lastTokenNs: at + 2e6 } : { lastTokenNs: at + 2e6 }
      const answer: EngineAnswer =
        error === undefined
          ? { ...base, ...times, outputTokens: tokens, finishReason: 'length' }
          : { ...base, gapsMs: new Float32Array(0), outputTokens: 0, error }
      if (error === undefined) onTokens?.(tokens)
      onAnswer?.(index, answer)
      return answer
    })
  }

  async oneBatch(batch: OneBatchInput, signal: AbortSignal): Promise<BatchCase> {
    this.onCall(this.batches.length)
    this.batches.push(batch)
    if (signal.aborted) throw new Error('cancelled')
    const { batch: size, inputLength, outputLength } = batch
    const lengths = { batch: size, inputLength, outputLength }
    if (size > 8) return { ...lengths, decodeNs: [], skipped: 'too large' }
    return { ...lengths, prefillNs: 5, decodeNs: Array(outputLength - 1).fill(1) }
  }

  async close(): Promise<void> {}
}
