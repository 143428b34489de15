import { Answer } from './answer.ts'
import type { Fault } from './draws.ts'
import type { Outcome } from './scheduler.ts'
import { SIMULATED_ERROR } from './simulated-error.ts'

/** One JSON document, when its last token is due. */
export class WholeAnswer extends Answer {
  get sentTokens(): number {
    return this.firstNs === 0 ? 0 : this.made * this.plan.request.n
  }

  protected override makeChunks(chunks: number, limit: number, dueNs: number): Outcome {
    const { tokens, tokensPerChunk, reason, connection } = this.plan
    this.made = Math.min(this.made + chunks * tokensPerChunk, limit)
    if (this.made < tokens) return 'more'
    const body = this.frames.whole(tokens, reason, this.usage)
    this.sending(tokens, dueNs)
    return this.#finish(() => connection.send(200, body))
  }

  protected override misbehave(kind: Fault['kind']): Outcome {
    const { reason, connection } = this.plan
    switch (kind) {
      case 'empty':
        return this.#finish(() => connection.send(200, this.frames.whole(0, 'stop', { ...this.usage, completionTokens: 0 })))
      case 'truncate':
        return this.#finish(() => connection.sendHalf(this.frames.whole(this.made, reason, this.usage)))
      case 'errorEvent':
        return this.#finish(() => connection.send(200, JSON.stringify(SIMULATED_ERROR)))
      default:
        return this.#finish(() => connection.send(200, '{"id":"chatcmpl-'))
    }
  }

  #finish(send: () => void): 'ended' {
    // Sending finishes the answer on the connection, which may begin the next one at once.
    this.end()
    send()
    return 'ended'
  }
}
