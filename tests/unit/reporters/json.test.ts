import { describe, expect, expectTypeOf, test as it } from 'vitest'
import { summaryJSONSchema, summarySchema } from '../../../reporters/json/schema.ts'
import type { Summary } from '../../../reporters/json/schema.ts'
import { renderSummary } from '../../../reporters/json/render.ts'
import type { RunModel } from '../../../reporters/model.ts'
import { batchRun, breach, breachError, clientMetrics, distribution, model, requestMetrics, run, test } from './fixtures.ts'

/** A type without `readonly` and `undefined`, workloads reduced to their kind, so that two declarations of one form compare. */
type Plain<Type> = Type extends readonly (infer Item)[]
  ? Plain<Item>[]
  : Type extends object
    ? { -readonly [Key in keyof Type]: Key extends 'workload' ? KindOf<Type[Key]> : Plain<Exclude<Type[Key], undefined>> }
    : Type
type KindOf<Type> = Type extends { kind: infer Kind } ? Kind : never

const full = model({
  partial: true,
  tests: [
    test({
      state: 'failed',
      flaky: false,
      attempts: 2,
      errors: [breachError()],
      runs: [
        run({
          metrics: requestMetrics({
            ttfo: distribution(50),
            itl: { ...distribution(11), requests: 1000 },
            perUserTokensPerSecond: distribution(80),
            scheduleDelay: distribution(0.2),
            connect: distribution(0.4),
            inputLength: distribution(120),
            outputLength: distribution(64),
            fromSchedule: { ttft: distribution(41), e2e: distribution(801) },
            steady: { seconds: 40, completed: 800, requestsPerSecond: 20, ttft: distribution(40) },
            itlBetween: 'chunks',
            errors: [{ kind: 'connect', count: 1, example: 'connect ECONNREFUSED' }],
            client: clientMetrics({
              validity: 'degraded',
              reasons: ['too late'],
              lateness: { p50: 0, p99: 6, max: 9 },
              rate: { asked: 10, achieved: 9.9 },
            }),
            tokens: { output: 'bundled', input: 'bundled', tokenizer: 'o200k_base' },
          }),
        }),
        batchRun({ cases: [{ batch: 8, inputLength: 128, outputLength: 2, prefillNs: 1e6, decodeNs: [1e5] }] }),
      ],
      verdicts: [
        breach({ worst: [{ index: 17, client: 3, promptIndex: 44, value: 160 }], fewSamples: { have: 10, need: 662 }, negated: true }),
      ],
      benchmarks: [{ name: 'parse', meanMs: 0.01, operationsPerSecond: 1e5, samples: 64 }],
    }),
  ],
  unhandledErrors: [{ name: 'SyntaxError', message: 'x', cause: 'other', file: 'benches/broken.bench.ts' }],
})

describe('summary.json', () => {
  it('is valid against its schema, which knows every field', () => {
    const written = JSON.parse(renderSummary(full)) as unknown
    // Unknown fields would be stripped.
    expect(summarySchema.parse(written)).toEqual(written)
    expect(written).toEqual({ schemaVersion: 1, ...(JSON.parse(JSON.stringify(full)) as RunModel) })
  })

  it('holds no figure that JSON can’t: one that is not a number is refused by the schema', () => {
    const broken = model({ tests: [test({ runs: [run({ metrics: requestMetrics({ outputTokensPerSecond: Number.NaN }) })] })] })
    expect(summarySchema.safeParse(JSON.parse(renderSummary(broken))).success).toBe(false)
  })

  it('says its version first', () => {
    expect(renderSummary(model())).toMatch(/^\{\n  "schemaVersion": 1,\n/)
  })

  it('refuses a summary of another version', () => {
    expect(summarySchema.safeParse({ ...(JSON.parse(renderSummary(model())) as object), schemaVersion: 2 }).success).toBe(false)
  })

  it('has a JSON Schema that lets later versions add properties', () => {
    const schema = JSON.stringify(summaryJSONSchema())
    expect(schema).toContain('"schemaVersion":{"type":"number","const":1}')
    expect(schema).not.toContain('"additionalProperties":false')
    expect(schema).toContain('"ttft"')
  })

  it('has the types of the model', () => {
    expectTypeOf<Plain<Summary>>().toEqualTypeOf<Plain<RunModel & { schemaVersion: 1 }>>()
  })
})
