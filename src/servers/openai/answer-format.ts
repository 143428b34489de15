import { randomUUID } from 'node:crypto'

export type FinishReason = 'stop' | 'length'

export interface Usage {
  readonly promptTokens: number
  readonly completionTokens: number
}

/** The JSON of one response, chat or completion, whole or streamed. Frames are joined as text: they are made for every token. */
export class AnswerFormat {
  readonly #chat: boolean
  readonly #created = Math.floor(Date.now() / 1000)
  readonly #id: string
  readonly #model: string
  /** How every frame of the stream begins. */
  readonly #start: string

  constructor(endpoint: 'chat' | 'completions', model: string) {
    this.#chat = endpoint === 'chat'
    this.#id = `${this.#chat ? 'chatcmpl' : 'cmpl'}-${randomUUID()}`
    this.#model = model
    this.#start =
      `data: {"id":"${this.#id}","object":"${this.#chat ? 'chat.completion.chunk' : 'text_completion'}","created":${this.#created},` +
      `"model":${JSON.stringify(model)},"choices":[`
  }

  /** The first chunk of a chat's choice. Completions have none. */
  roleFrame(choice: number): string {
    return this.#chat
      ? this.#frame(`{"index":${choice},"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}`)
      : ''
  }

  textFrame(choice: number, text: string): string {
    const json = JSON.stringify(text)
    return this.#frame(
      this.#chat
        ? `{"index":${choice},"delta":{"content":${json}},"logprobs":null,"finish_reason":null}`
        : `{"index":${choice},"text":${json},"logprobs":null,"finish_reason":null}`,
    )
  }

  finishFrame(choice: number, reason: FinishReason): string {
    return this.#frame(
      this.#chat
        ? `{"index":${choice},"delta":{},"logprobs":null,"finish_reason":"${reason}"}`
        : `{"index":${choice},"text":"","logprobs":null,"finish_reason":"${reason}"}`,
    )
  }

  usageFrame(usage: Usage): string {
    return this.#frame('', `,"usage":${JSON.stringify(usageJSON(usage))}`)
  }

  /** The body of a response that is not streamed. */
  whole(choices: readonly { readonly text: string; readonly reason: FinishReason }[], usage: Usage): string {
    return JSON.stringify({
      id: this.#id,
      object: this.#chat ? 'chat.completion' : 'text_completion',
      created: this.#created,
      model: this.#model,
      choices: choices.map(({ text, reason }, index) => ({
        index,
        ...(this.#chat ? { message: { role: 'assistant', content: text } } : { text }),
        logprobs: null,
        finish_reason: reason,
      })),
      usage: usageJSON(usage),
    })
  }

  #frame(choices: string, rest = ''): string {
    return `${this.#start}${choices}]${rest}}\n\n`
  }
}

/** The end of every stream. */
export const DONE_FRAME = 'data: [DONE]\n\n'

function usageJSON({ promptTokens, completionTokens }: Usage): Record<string, number> {
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens }
}
