import { DONE_FRAME } from '../openai/answer-format.ts'
import { Answer } from './answer.ts'
import type { Fault } from './draws.ts'
import { httpChunk, LAST_CHUNK } from './frames.ts'
import type { Outcome } from './scheduler.ts'
import { SIMULATED_ERROR } from './simulated-error.ts'

/** Events of server-sent events, each chunk when it is due. */
export class StreamedAnswer extends Answer {
  get sentTokens(): number {
    return this.made * this.plan.request.n
  }

  protected override makeChunks(chunks: number, limit: number, dueNs: number): Outcome {
    const { tokens, tokensPerChunk, reason, connection } = this.plan
    const before = this.made
    let frames = before === 0 ? this.frames.opening() : ''
    for (let left = chunks; left > 0 && this.made < limit; left--) {
      const count = Math.min(tokensPerChunk, limit - this.made)
      frames += this.frames.tokens(this.made, count)
      this.made += count
    }
    const last = this.made === tokens
    if (last) frames += this.frames.closing(reason, this.usage)
    const bytes = httpChunk(frames)
    this.sending(this.made - before, dueNs)
    if (last) return this.#finish(bytes + LAST_CHUNK)
    if (connection.write(bytes)) return 'more'
    // The client does not read: what is sent meanwhile would only fill memory.
    connection.onDrain = () => {
      connection.onDrain = undefined
      this.host.resume(this)
    }
    return 'waits'
  }

  protected override misbehave(kind: Fault['kind']): Outcome | undefined {
    switch (kind) {
      case 'empty':
        return this.#finish(httpChunk(DONE_FRAME) + LAST_CHUNK)
      case 'truncate':
        return this.#finish(LAST_CHUNK)
      case 'errorEvent':
        return this.#finish(httpChunk(`data: ${JSON.stringify(SIMULATED_ERROR)}\n\n${DONE_FRAME}`) + LAST_CHUNK)
      default:
        this.plan.connection.write(httpChunk('data: {"id":"chatcmpl-\n\n'))
        return undefined
    }
  }

  #finish(bytes: string): 'ended' {
    this.plan.connection.write(bytes)
    this.end()
    this.plan.connection.finish()
    return 'ended'
  }
}
