import { expect, onTestFinished, test } from 'vitest'
import { openai } from '../../../src/dsl/targets.ts'
import { startClock } from '../../../src/metrics/clock.ts'
import { createTarget } from '../../../src/targets/create-target.ts'
import { openaiProtocol } from '../../../src/targets/protocols/openai/protocol.ts'
import { startStandIn } from '../../../src/targets/stand-in.ts'

const request = { messages: [{ role: 'user' as const, content: 'Hello' }], maxTokens: 4, n: 1, stream: true, keepText: true }

test('it answers each request with the whole sample, a read for each event, one token again and again', async () => {
  const standIn = await startStandIn(openaiProtocol.sampleAnswer)
  onTestFinished(() => standIn.close())
  const target = await createTarget(openai({ baseURL: standIn.url, model: 'm' }), { clock: startClock(), onTokens: () => {} })
  onTestFinished(() => target.close())
  const { signal } = new AbortController()
  for (const answer of await Promise.all(Array.from({ length: 20 }, () => target.send(request, signal)))) {
    expect(answer).toMatchObject({ usage: { promptTokens: 3, outputTokens: 4 }, choices: [{ finishReason: 'stop' }] })
    expect(answer.choices[0]!.chunks).toBeGreaterThan(15)
    expect(answer.error).toBeUndefined()
  }
})

test.for([
  ['an event', 'data: {"one":1}\n\n', 1],
  ['two events', 'data: {"one":1}\n\ndata: [DONE]\n\n', 2],
  ['many events', Array.from({ length: 40 }, (_, i) => `data: {"i":${i}}\n\n`).join(''), 40],
] as const)('a sample of %s is sent as it is', async ([, sample, events]) => {
  const standIn = await startStandIn(sample)
  onTestFinished(() => standIn.close())
  const body = await (await fetch(standIn.url, { method: 'POST', body: '{}' })).text()
  expect(body).toBe(sample)
  expect(body.split('data: ')).toHaveLength(events + 1)
})
