import { expect, onTestFinished, test } from 'vitest'
import { ppl } from '../../../../src/dsl/ppl-target.ts'
import { startClock } from '../../../../src/metrics/clock.ts'
import { createTarget } from '../../../../src/targets/create-target.ts'
import { startStandIn } from '../../../../src/targets/ppl/stand-in.ts'

const request = { messages: [{ role: 'user' as const, content: 'Hello' }], maxTokens: 4, n: 1, stream: true, keepText: true }

test.for([
  ['current', 'length'],
  ['legacy', 'unknown'],
] as const)('it answers each request in the %s form, a message for each token', async ([wire, finishReason]) => {
  const standIn = await startStandIn(wire)
  onTestFinished(() => standIn.close())
  const target = await createTarget(ppl({ baseURL: standIn.url, wire }), { clock: startClock(), onTokens: () => {} })
  onTestFinished(() => target.close())
  const { signal } = new AbortController()
  for (const answer of await Promise.all(Array.from({ length: 20 }, () => target.send(request, signal)))) {
    expect(answer).toMatchObject({ usage: { outputTokens: 4 }, choices: [{ text: 'Hello there, you', chunks: 4, finishReason }] })
    expect(answer.error).toBeUndefined()
  }
})
