import { parentPort } from 'node:worker_threads'
import { llama } from '../../../src/dsl/engines.ts'
import { loadEngine } from '../../../src/engines/load-engine.ts'

const engine = await loadEngine(llama(), { parallel: 2, contextLength: 128 }, import.meta.dirname)
const request = { messages: [{ role: 'user', content: 'question' }], maxTokens: 8, ignoreEos: false, seed: 0 }
const answers = await engine.generate([request, request], { originNs: process.hrtime.bigint(), signal: new AbortController().signal })
await engine.close()
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort has no origin
parentPort!.postMessage(answers.map(({ outputTokens }) => outputTokens))
