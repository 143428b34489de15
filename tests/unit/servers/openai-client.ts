import type { RunningServer } from '../../../src/servers/server.ts'

/** Posts JSON to a path under `/v1`. */
export function post(server: RunningServer, path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(server.baseURL + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), ...init })
}

export interface Chunk {
  readonly object: string
  readonly choices: readonly {
    readonly index: number
    readonly text?: string
    readonly delta?: { readonly role?: string; readonly content?: string }
    readonly finish_reason: string | null
  }[]
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number }
}

/** The chunks of a whole stream, which must end in `[DONE]`. */
export function chunksOf(stream: string): Chunk[] {
  const events = stream.split('\n\n')
  if (events.pop() !== '' || events.pop() !== 'data: [DONE]') throw new Error(`the stream does not end in [DONE]: ${stream.slice(-200)}`)
  return events.map((event) => JSON.parse(event.replace(/^data: /, '')) as Chunk)
}

/** Texts of the chunks that carry any. */
export function piecesOf(chunks: readonly Chunk[], choice = 0): string[] {
  return chunks
    .flatMap(({ choices }) => choices)
    .filter(({ index }) => index === choice)
    .map(({ text, delta }) => text ?? delta?.content ?? '')
    .filter((text) => text !== '')
}

/** One value of `/metrics`. */
export async function metric(server: RunningServer, name: string): Promise<number> {
  const text = await (await fetch(server.baseURL.replace(/v1$/, 'metrics'))).text()
  return Number(new RegExp(`^llamacpp:${name} (\\d+)$`, 'm').exec(text)![1])
}
