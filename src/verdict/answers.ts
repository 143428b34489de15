import type { KeptAnswer } from '../metrics/record.ts'
import type { Comparison } from './comparison.ts'
import { formatShare } from './format.ts'

/** What answers are held against: the answer that a prompt had. JSON-safe. */
export interface Golden {
  /** Digest of the dataset's rows. */
  dataset: string
  answers: GoldenAnswer[]
}

/** One prompt's answer. */
interface GoldenAnswer {
  /** Row of the dataset. */
  prompt: number
  /** Which of the row's user turns, in a conversation of several. */
  turn?: number
  text: string
}

/** What a run answered: all its repeats together. */
export interface AnswersGiven {
  readonly answers: readonly KeptAnswer[]
  /** Prompts that were asked and never answered. */
  readonly unanswered: readonly number[]
}

/**
 * Golden answers out of what a run answered: each prompt's most frequent text, the first of equally frequent ones.
 * @returns also how many answers differ from the one that was taken: greedy decoding that is not repeatable
 */
export function goldenOf(dataset: string, answers: readonly KeptAnswer[]): { golden: Golden; unsteady: number } {
  const golden: GoldenAnswer[] = []
  let unsteady = 0
  for (const same of Map.groupBy(answers, keyOf).values()) {
    const counts = new Map<string, number>()
    for (const { text } of same) counts.set(text, (counts.get(text) ?? 0) + 1)
    const [text, count] = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most))
    const { promptIndex, turn } = same[0]!
    golden.push({ prompt: promptIndex, ...(turn === undefined ? {} : { turn }), text })
    unsteady += same.length - count
  }
  golden.sort((a, b) => a.prompt - b.prompt || (a.turn ?? 0) - (b.turn ?? 0))
  return { golden: { dataset, answers: golden }, unsteady }
}

/** What is known of the bench that is judged. */
export type JudgedBench = Pick<Comparison, 'bench' | 'attempt' | 'against'>

/** Examples that a message shows. */
const EXAMPLES = 3

/**
 * Holds answers against golden ones: the share that is another text, or none at all, may be `allow` at most. A prompt without a
 * golden answer does not count.
 * @param allow share of 1
 */
export function compareAnswers(golden: Golden, given: AnswersGiven, allow: number, about: JudgedBench): Comparison {
  const expected = new Map(golden.answers.map((answer) => [keyOf({ promptIndex: answer.prompt, ...answer }), answer.text]))
  const compared = given.answers.flatMap((answer) => {
    const text = expected.get(keyOf(answer))
    return text === undefined ? [] : [{ answer, text }]
  })
  const changed = compared.filter(({ answer, text }) => answer.text !== text)
  const asked = new Set(golden.answers.map(({ prompt }) => prompt))
  const unanswered = given.unanswered.filter((prompt) => asked.has(prompt))
  const count = compared.length + unanswered.length
  const base = { ...about, metric: 'answers changed', unit: '%', direction: 'max', within: allow } as const
  if (count === 0) {
    return {
      ...base,
      state: 'error',
      message: `no prompt of this run has an answer in ${about.against}: write it anew with \`vitest bench -u\``,
    }
  }
  const differing = changed.length + unanswered.length
  const share = differing / count
  const examples = [
    ...changed
      .slice(0, EXAMPLES)
      .map(({ answer, text }) => `prompt ${answer.promptIndex}${turnText(answer)}: ${whereText(text, answer.text)}`),
    ...(unanswered.length === 0 ? [] : [`${unanswered.length} without an answer, the first is prompt ${unanswered[0]!}`]),
  ]
  return {
    ...base,
    state: share > allow ? 'regressed' : 'pass',
    measured: { runs: 1, value: share, values: [share] },
    change: share,
    message: [
      `${differing} of ${count} answers (${formatShare(share)}) are not those of ${about.against}, allowed are ${formatShare(allow)}`,
      ...examples.map((example) => `    ${example}`),
    ].join('\n'),
  }
}

function keyOf({ promptIndex, turn }: Pick<KeptAnswer, 'promptIndex' | 'turn'>): string {
  return turn === undefined ? `${promptIndex}` : `${promptIndex}/${turn}`
}

function turnText({ turn }: KeptAnswer): string {
  return turn === undefined ? '' : `, turn ${turn}`
}

/** Characters shown of each text where they part. */
const SHOWN = 24

/** Where two texts part, with what each goes on with. */
function whereText(expected: string, found: string): string {
  let at = 0
  while (at < expected.length && expected[at] === found[at]) at++
  const from = (text: string): string => (at === text.length ? 'the end' : JSON.stringify(text.slice(at, at + SHOWN)))
  return `from character ${at + 1} on, ${from(found)} and not ${from(expected)}`
}
