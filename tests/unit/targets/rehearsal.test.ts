import { expect, test } from 'vitest'
import { openai } from '../../../src/dsl/targets.ts'
import { startClock } from '../../../src/metrics/clock.ts'
import { createTarget } from '../../../src/targets/create-target.ts'
import { rehearse } from '../../../src/targets/rehearsal.ts'
import type { Answer } from '../../../src/targets/target.ts'
import { openaiProtocol } from '../../../src/targets/protocols/openai/protocol.ts'

const clock = startClock()
const request = { messages: [{ role: 'user' as const, content: 'Hello' }], maxTokens: 4, n: 1, stream: true, keepText: true }

test('the stand-in answers each request with the whole sample, a read for each event, one token again and again', async () => {
  const { signal } = new AbortController()
  const answers: unknown[] = []
  await rehearse(openaiProtocol.sampleAnswer, async (origin, sendAll) => {
    const target = await createTarget(openai({ baseURL: origin, model: 'm' }), { clock, onTokens: () => {} })
    await sendAll(async () => {
      const answer = await target.send(request, signal)
      answers.push(answer)
      return answer
    })
    await target.close()
  })
  expect(answers.length).toBeGreaterThan(16)
  for (const answer of answers) {
    expect(answer).toMatchObject({ usage: { promptTokens: 3, outputTokens: 4 }, choices: [{ finishReason: 'stop' }] })
    expect((answer as Answer).choices[0]!.chunks).toBeGreaterThan(15)
    expect(answer).not.toMatchObject({ error: expect.anything() as unknown })
  }
})

test('a rehearsal that fails ends at once, and is of no consequence', async () => {
  let sent = 0
  await rehearse(openaiProtocol.sampleAnswer, async (_origin, sendAll) => {
    await sendAll(() => Promise.resolve({ error: ++sent }))
    throw new Error('in vain')
  })
  expect(sent).toBeLessThanOrEqual(16)
})

test.for([
  ['an event', 'data: {"one":1}\n\n', 1],
  ['two events', 'data: {"one":1}\n\ndata: [DONE]\n\n', 2],
  ['many events', Array.from({ length: 40 }, (_, i) => `data: {"i":${i}}\n\n`).join(''), 40],
] as const)('a sample of %s is sent as it is', async ([, sample, events]) => {
  let body = ''
  await rehearse(sample, async (origin, sendAll) => {
    await sendAll(async () => {
      body = await (await fetch(origin, { method: 'POST', body: '{}' })).text()
      return { error: 'once is enough' }
    })
  })
  expect(body).toBe(sample)
  expect(body.split('data: ')).toHaveLength(events + 1)
})
