import { describe, expect, test } from 'vitest'
import { withTtfts } from '../metrics/records.ts'
import { judgeOne, judgeSLO, subjectOf } from './subjects.ts'

const hundred = Array.from({ length: 100 }, (_, i) => i + 1)

describe('a threshold on a run of requests', () => {
  test('is kept or broken, with figure, limit, unit, margin and words', () => {
    const subject = subjectOf(withTtfts([100, 200, 300]))
    expect(judgeOne({ ttft: { mean: '<= 250ms' } }, subject)).toEqual({
      bench: 'chat',
      attempt: 0,
      metric: 'ttft.mean',
      threshold: 'ttft.mean <= 250ms',
      state: 'pass',
      direction: 'max',
      limit: 250,
      measured: 200,
      unit: 'ms',
      margin: 0.2,
      message: 'ttft.mean <= 250ms: measured 200 ms, limit 250 ms, margin +20%',
    })
    expect(judgeOne({ ttft: { mean: '<= 160ms' } }, subject)).toMatchObject({
      state: 'fail',
      measured: 200,
      margin: -0.25,
      message:
        'ttft.mean <= 160ms: measured 200 ms, limit 160 ms, margin −25%; worst requests: #2 300 ms (client 2, prompt 2) · #1 200 ms (client 1, prompt 1) · #0 100 ms (client 0, prompt 0)',
    })
  })

  test('on throughput breaks below', () => {
    const subject = subjectOf(withTtfts([100, 200]))
    expect(judgeOne({ outputTokensPerSecond: '>= 4 tok/s' }, subject)).toMatchObject({
      state: 'fail',
      measured: 1,
      margin: -0.75,
      message: 'outputTokensPerSecond >= 4 tok/s: measured 1 tok/s, limit 4 tok/s, margin −75%',
    })
    expect(judgeOne({ requestsPerSecond: { min: 0.1 } }, subject).state).toBe('pass')
  })

  test('on the success rate speaks in percent', () => {
    const sketches = withTtfts(hundred).map((sketch, i) => ({ ...sketch, completed: i > 2 }))
    expect(judgeOne({ successRate: '>= 99%' }, subjectOf(sketches))).toMatchObject({
      state: 'fail',
      measured: 0.97,
      limit: 0.99,
      unit: '%',
      message: 'successRate >= 99%: measured 97%, limit 99%, margin −2%',
    })
  })

  test('gives two verdicts for a range, each with a text of its own', () => {
    const verdicts = judgeSLO({ ttft: { p50: { min: '50ms', max: '60ms' } } }, subjectOf(withTtfts(hundred)))
    expect(verdicts.map(({ threshold, state }) => [threshold, state])).toEqual([
      ['ttft.p50 >= 50ms', 'pass'],
      ['ttft.p50 <= 60ms', 'pass'],
    ])
  })

  test('gives every verdict, passing ones too, of all parts', () => {
    const verdicts = judgeSLO([{ ttft: { p50: 1 }, successRate: 1 }, { e2e: { mean: 1000 } }], subjectOf(withTtfts(hundred)))
    expect(verdicts.map(({ state }) => state)).toEqual(['fail', 'pass', 'pass'])
  })

  test('shows digits enough that a narrow miss does not look like none', () => {
    const verdict = judgeOne({ ttft: { max: '<= 200ms' } }, subjectOf(withTtfts([200.0004])))
    expect(verdict.message).toContain('measured 200.0004 ms, limit 200 ms, margin −0.0002%')
    expect(judgeOne({ ttft: { max: '< 200ms' } }, subjectOf(withTtfts([200]))).message).toContain(
      'limit 200 ms, exactly at it, which breaks it',
    )
    const share = judgeOne(
      { successRate: '>= 33.33%' },
      subjectOf(withTtfts([1, 2, 3]).map((sketch, i) => ({ ...sketch, completed: i > 1 }))),
    )
    expect(share.message).toContain('measured 33.333%, limit 33.33%, margin +0.01%')
  })
})

describe('the worst requests', () => {
  test('are the three farthest out, by index, client, prompt and value', () => {
    const subject = subjectOf(withTtfts([5, 900, 100, 800, 700, 300]))
    expect(judgeOne({ ttft: { median: '<= 1ms' } }, subject).worst).toEqual([
      { index: 1, client: 1, promptIndex: 1, value: 900 },
      { index: 3, client: 3, promptIndex: 3, value: 800 },
      { index: 4, client: 0, promptIndex: 4, value: 700 },
    ])
  })

  test('to connect are looked for among those that opened a connection, failed ones too', () => {
    const subject = subjectOf([{ first: 1, connect: 3 }, { first: 1 }, { connect: 9, completed: false }])
    expect(judgeOne({ connect: { mean: '<= 1ms' } }, subject)).toMatchObject({ measured: 6, worst: [{ index: 2 }, { index: 0 }] })
  })

  test('leave failed requests out', () => {
    const sketches = withTtfts([100, 900]).map((sketch, i) => ({ ...sketch, completed: i === 0 }))
    expect(judgeOne({ ttft: { mean: '<= 1ms' } }, subjectOf(sketches)).worst).toMatchObject([{ index: 0 }])
  })

  test('are those with the longest gap for ITL, and the prompt is named where there is no client', () => {
    const subject = subjectOf([
      { promptIndex: 7, first: 1, gapsMs: [10, 10] },
      { promptIndex: 8, first: 1, gapsMs: [10, 400] },
    ])
    const verdict = judgeOne({ itl: { mean: '<= 1ms' } }, subject)
    expect(verdict.worst).toEqual([
      { index: 1, promptIndex: 8, value: 400 },
      { index: 0, promptIndex: 7, value: 10 },
    ])
    expect(verdict.message).toContain('worst requests: #1 400 ms (prompt 8)')
  })

  test('are looked for inside the steady window where the figure is of it', () => {
    const subject = subjectOf(
      [
        { sent: 0, first: 900 },
        { sent: 1000, first: 1100 },
      ],
      { steadyNs: [1000e6, 2000e6] },
    )
    expect(judgeOne({ steady: { ttft: { max: 50 } } }, subject).worst).toMatchObject([{ index: 1, value: 100 }])
    expect(judgeOne({ steady: { ttft: { max: 50 } } }, { ...subject, steadyNs: undefined })).not.toHaveProperty('worst')
  })

  test('are the smallest where the bound is a lower one', () => {
    expect(judgeOne({ ttft: { mean: '>= 500ms' } }, subjectOf(withTtfts([9, 3, 6]))).worst).toMatchObject([
      { value: 3 },
      { value: 6 },
      { value: 9 },
    ])
  })

  test('are not named for a spread, a rate, or a threshold that holds', () => {
    const subject = subjectOf(withTtfts([9, 3, 6]))
    for (const slo of [{ ttft: { std: 0.1 } }, { requestsPerSecond: 500 }, { ttft: { mean: 500 } }]) {
      expect(judgeOne(slo, subject)).not.toHaveProperty('worst')
    }
  })
})

describe('a percentile that the sample cannot support', () => {
  test('is an error that says what to change, though it would pass', () => {
    const verdict = judgeOne({ ttft: { p99: '<= 5s' } }, subjectOf(withTtfts(hundred)))
    expect(verdict).toMatchObject({
      state: 'error',
      message:
        "ttft.p99 <= 5000ms can't be judged: p99 needs 662 requests and there are 100: send more, assert p90 at most, or set allowFewSamples: true to have it judged and marked",
    })
    expect(verdict).not.toHaveProperty('measured')
    expect(judgeOne({ ttft: { p75: 1 } }, subjectOf(withTtfts([1, 2])))).toMatchObject({
      state: 'error',
      message: expect.stringContaining('assert the median or the mean'),
    })
  })

  test('stands marked with allowFewSamples', () => {
    expect(judgeOne({ ttft: { p99: '<= 5s' }, allowFewSamples: true }, subjectOf(withTtfts(hundred)))).toMatchObject({
      state: 'pass',
      measured: 99.01,
      fewSamples: { have: 100, need: 662 },
      message: expect.stringContaining('few samples: 100 of 662'),
    })
  })

  test('is judged from the floor on', () => {
    expect(judgeOne({ ttft: { p90: 5000 } }, subjectOf(withTtfts(hundred.slice(0, 63)))).state).toBe('error')
    const enough = judgeOne({ ttft: { p90: 5000 }, allowFewSamples: true }, subjectOf(withTtfts(hundred.slice(0, 64))))
    expect(enough.state).toBe('pass')
    expect(enough).not.toHaveProperty('fewSamples')
  })

  test('counts requests for ITL, not gaps', () => {
    const manyGaps = Array.from({ length: 5 }, () => ({ first: 1, gapsMs: Array.from({ length: 200 }, () => 5) }))
    expect(judgeOne({ itl: { p99: 5000 } }, subjectOf(manyGaps))).toMatchObject({
      state: 'error',
      message: expect.stringContaining('needs 662 requests and there are 5'),
    })
  })
})

describe('an absent figure is an error that says why', () => {
  const failed = { completed: false, errorKind: 'connect' } as const
  test.for([
    ['no request', { e2e: { mean: 1 } }, subjectOf([]), 'no request was started'],
    ['no request, success rate', { successRate: 1 }, subjectOf([]), 'no request was started'],
    [
      'nothing completed',
      { outputTokensPerSecond: 1 },
      subjectOf([failed], { errors: [{ kind: 'connect', count: 1, example: 'ECONNREFUSED 127.0.0.1:9' }] }),
      'no request completed; the first error: ECONNREFUSED 127.0.0.1:9',
    ],
    ['not streamed', { ttft: { mean: 1 } }, subjectOf(withTtfts([1]), { streamed: false }), 'stream: false'],
    ['not streamed, TPOT', { tpot: { mean: 1 } }, subjectOf(withTtfts([1]), { streamed: false }), 'stream: false'],
    ['one token', { tpot: { mean: 1 } }, subjectOf([{ first: 1 }]), 'no answer had more than one output token'],
    ['one token, ITL', { itl: { mean: 1 } }, subjectOf([{ first: 1 }]), 'more than one chunk'],
    ['reasoning only', { ttfo: { mean: 1 } }, subjectOf([{ first: 1, answer: Number.NaN }]), 'raise maxTokens'],
    ['no counts', { outputTokensPerSecond: 1 }, subjectOf([{ first: 1, outputTokens: -1 }]), 'the number of output tokens is unknown'],
    ['no counts, TPOT', { tpot: { mean: 1 } }, subjectOf([{ first: 1, outputTokens: -1 }]), 'the number of output tokens is unknown'],
    ['no prompt counts', { totalTokensPerSecond: 1 }, subjectOf([{ first: 1, promptTokens: -1 }]), 'prompt tokens is unknown'],
    ['no steady window', { steady: { requestsPerSecond: 1 } }, subjectOf(withTtfts([1])), 'no steady window'],
    ['closed loop', { fromSchedule: { ttft: { mean: 1 } } }, subjectOf(withTtfts([1])), 'open-loop load'],
    ['no time', { requestsPerSecond: 1 }, subjectOf(withTtfts([1]), { endNs: 0 }), 'the load took no time'],
    ['no connection', { connect: { mean: 1 } }, subjectOf(withTtfts([1])), 'no request opened a connection'],
    ['other workload', { prefillLatency: 1 }, subjectOf(withTtfts([1])), 'a figure of oneBatch()'],
    ['case', { case: { batch: 1 }, ttft: { mean: 1 } }, subjectOf(withTtfts([1])), '`case` picks cases of oneBatch()'],
  ] as const)('%s', ([, slo, subject, why]) => {
    const verdict = judgeOne(slo, subject)
    expect(verdict).toMatchObject({ state: 'error', message: expect.stringContaining(why) })
    expect(verdict).not.toHaveProperty('measured')
  })
})
