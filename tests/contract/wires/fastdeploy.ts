import { fastdeploy as fastdeployTarget } from '../../../src/dsl/native-targets.ts'
import type { Wire } from '../wire.ts'
import { openaiChat } from './openai.ts'
import { common } from './sequence.ts'

export const fastdeploy: Wire = {
  ...openaiChat,
  name: 'fastdeploy',
  spec: (baseURLs, options) => fastdeployTarget({ ...common(baseURLs, options), model: 'm' }),
  // A chunk may have several entries of one index.
  finish: (reason, options = {}) => {
    const event = JSON.parse(openaiChat.finish(reason, { ...options, text: '' })) as { choices: object[] }
    const { choice = 0, text = '' } = options
    event.choices.unshift({ index: choice, delta: { content: text }, finish_reason: null })
    return JSON.stringify(event)
  },
  error: (message) => JSON.stringify({ object: 'error', message, code: 400 }),
}
