import type { KeptAnswer } from '../metrics/record.ts'
import { writeFileAtomic } from './write.ts'

/** File of a run's folder that holds its answers. */
export const ANSWERS_FILE = 'answers.jsonl'

/**
 * Writes answers, one a line, by prompt, turn and sample: runs with the same answers give the same file, whoever was first.
 * @throws {LlmBenchError} `RESULTS`
 */
export async function writeAnswers(path: string, answers: readonly KeptAnswer[]): Promise<void> {
  const sorted = answers.toSorted((a, b) => a.promptIndex - b.promptIndex || (a.turn ?? 0) - (b.turn ?? 0) || a.sampleIndex - b.sampleIndex)
  const lines = sorted.map(({ promptIndex, turn, sampleIndex, text }) =>
    JSON.stringify({ prompt_index: promptIndex, ...(turn === undefined ? {} : { turn }), sample_index: sampleIndex, text }),
  )
  await writeFileAtomic(path, lines.map((line) => `${line}\n`).join(''))
}
