import type { RolloutBatch } from '../../../src/files/rollout-files.ts'
import type { RequestRow } from '../../../src/metrics/columns.ts'

export const IDENTITY = { bench: 'rollout', workloadDigest: '0123456789abcdef', datasetDigest: 'fedcba9876543210' }

/** A batch of two prompts with two answers each, the last of which failed; texts hold what breaks lines in one format or another. */
export function batchOf(index: number): RolloutBatch {
  const startNs = 1e9 + index * 10e9
  const row = (prompt: number, sample: number): RequestRow => ({
    batch: index,
    promptIndex: index * 2 + prompt,
    sampleIndex: sample,
    scheduledNs: startNs,
    sentNs: startNs + 100,
    firstTokenNs: startNs + 2e6,
    lastTokenNs: startNs + 5e6 + index,
    promptTokens: 9,
    outputTokens: 3 + sample,
    chunks: 3,
    completed: true,
    finishReason: 'stop',
    target: 'http://127.0.0.1:1/v1',
    gapsMs: Float32Array.of(1.1, 1.9 + index),
  })
  const failure: RequestRow = {
    batch: index,
    promptIndex: index * 2 + 1,
    sampleIndex: 1,
    scheduledNs: startNs,
    completed: false,
    errorKind: 'reset',
  }
  return {
    index,
    startNs,
    endNs: startNs + 2e9,
    prompts: [0, 1].map((prompt) => ({
      promptIndex: index * 2 + prompt,
      text: `Question ${prompt}, "quoted"\r\nand\u2028parted`,
      answers: [0, 1].map((sample) => {
        const failed = prompt === 1 && sample === 1
        return failed
          ? { text: '', tokens: 0, failed }
          : { text: `Antwort ${sample}: 答え\n💥`, tokens: 3 + sample, finishReason: 'stop', failed }
      }),
    })),
    rows: [row(0, 0), row(0, 1), row(1, 0), failure],
  }
}
