import { expect, test } from 'vitest'
import type { Schedule } from '../../src/engines/engine.ts'
import { loadEngine } from '../../src/engines/load-engine.ts'
import { HAS_PYTHON, standIns } from './engines/stand-ins.ts'

const { spec } = standIns.find(({ name }) => name === 'rosellm')!
const request = { messages: [{ role: 'user', content: 'question' }], maxTokens: 6, ignoreEos: true, temperature: 0, seed: 0 }

/** Requests that were answered while another one was. */
async function together(schedule: Schedule): Promise<{ most: number; streams: boolean }> {
  const engine = await loadEngine(spec, { use: 'generate', schedule, contextLength: 64 }, { root: process.cwd() })
  try {
    const signal = new AbortController().signal
    const requests = Array.from({ length: 6 }, () => request)
    const answers = await engine.generate(requests, { originNs: process.hrtime.bigint(), signal })
    expect(answers.map(({ outputTokens, error }) => error ?? outputTokens)).toEqual(Array(6).fill(6))
    const ends = answers.map(({ lastTokenNs }) => lastTokenNs!)
    return { most: Math.max(...ends.map((end) => ends.filter((other) => other === end).length)), streams: engine.info.streams }
  } finally {
    await engine.close()
  }
}

test.skipIf(!HAS_PYTHON)(
  'rosellm has a scheduler for each mode: answers end one by one, all at once, or as many as fit a batch',
  async () => {
    expect(await together({ mode: 'naive', together: 1 })).toEqual({ most: 1, streams: false })
    expect(await together({ mode: 'offline', together: 6 })).toEqual({ most: 6, streams: true })
    expect(await together({ mode: 'online', together: 2 })).toEqual({ most: 2, streams: true })
  },
)
