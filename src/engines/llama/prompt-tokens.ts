import type { ChatHistoryItem, ChatWrapper, LlamaModel, Token } from 'node-llama-cpp'
import type { LoadedModel } from './load-model.ts'
import { TINY_CHAT_TEMPLATE } from './tiny-vocabulary.ts'

/** A message as the OpenAI API has it. */
export interface PromptMessage {
  readonly role: string
  readonly content: string
}

/** Makes a model's input tokens from messages and texts. */
export class PromptTokens {
  readonly #model: LlamaModel
  readonly #wrapper: ChatWrapper

  constructor({ lib, model }: LoadedModel) {
    this.#model = model
    // Finding out which wrapper a template agrees with takes a third of a second; of the tiny model's it is known.
    const isKnown = model.fileInfo.metadata.tokenizer.chat_template === TINY_CHAT_TEMPLATE
    this.#wrapper = isKnown ? new lib.ChatMLChatWrapper() : lib.resolveChatWrapper(model)
  }

  /** A conversation by the model's chat template, up to where the assistant answers. Special tokens in its texts are plain text. */
  chat(messages: readonly PromptMessage[]): Token[] {
    const chatHistory = messages.map(({ role, content }): ChatHistoryItem => {
      if (role === 'system' || role === 'developer') return { type: 'system', text: content }
      if (role === 'assistant') return { type: 'model', response: [content] }
      return { type: 'user', text: content }
    })
    chatHistory.push({ type: 'model', response: [''] })
    return this.#wrapper.generateContextState({ chatHistory }).contextText.tokenize(this.#model.tokenizer)
  }

  /** A text as it is, after the token that the model wants first. */
  text(prompt: string): Token[] {
    const { bos, shouldPrependBosToken } = this.#model.tokens
    const tokens = this.#model.tokenize(prompt, true)
    return shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens
  }
}
