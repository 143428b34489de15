import { expect, test } from 'vitest'
import type { KeptAnswer } from '../../../src/metrics/record.ts'
import { compareAnswers, goldenOf } from '../../../src/verdict/answers.ts'

const about = { bench: 'chat', attempt: 0, against: 'golden.json' }

function answer(promptIndex: number, text: string, sampleIndex = 0): KeptAnswer {
  return { promptIndex, sampleIndex, text }
}

const golden = { dataset: 'd', answers: [0, 1, 2, 3].map((prompt) => ({ prompt, text: `answer ${prompt}` })) }
const kept = golden.answers.map(({ prompt, text }) => answer(prompt, text))

test('golden answers are in the order of the prompts, whoever answered first', () => {
  const { golden: made } = goldenOf('d', [answer(7, 'b'), answer(2, 'a')])
  expect(made).toEqual({
    dataset: 'd',
    answers: [
      { prompt: 2, text: 'a' },
      { prompt: 7, text: 'b' },
    ],
  })
})

test("a prompt's golden answer is the one that it had most often, and the others are told", () => {
  const { golden: made, unsteady } = goldenOf('d', [answer(0, 'x'), answer(0, 'y', 1), answer(0, 'y', 2)])
  expect(made.answers).toEqual([{ prompt: 0, text: 'y' }])
  expect(unsteady).toBe(1)
})

test('the turns of a conversation have answers of their own', () => {
  const turns = [0, 1].map((turn): KeptAnswer => ({ promptIndex: 0, turn, sampleIndex: 0, text: `turn ${turn}` }))
  const { golden: made } = goldenOf('d', turns)
  expect(made.answers).toHaveLength(2)
  expect(compareAnswers(made, { answers: turns, unanswered: [] }, 0, about).state).toBe('pass')
})

test('the same answers pass', () => {
  expect(compareAnswers(golden, { answers: kept, unanswered: [] }, 0, about)).toMatchObject({ state: 'pass', change: 0 })
})

test('more other answers than allowed have regressed, and the message shows where they part', () => {
  const given = { answers: [...kept.slice(1), answer(0, 'answer zero')], unanswered: [] }
  const comparison = compareAnswers(golden, given, 0.1, about)
  expect(comparison).toMatchObject({ state: 'regressed', change: 0.25, within: 0.1 })
  expect(comparison.message).toContain('1 of 4 answers (25%) are not those of golden.json, allowed are 10%')
  expect(comparison.message).toContain('prompt 0: from character 8 on, "zero" and not "0"')
  expect(compareAnswers(golden, given, 0.25, about).state).toBe('pass')
})

test('a prompt that was asked and got no answer has not kept its own', () => {
  const given = { answers: kept.slice(1), unanswered: [0, 99] }
  expect(compareAnswers(golden, given, 0.1, about)).toMatchObject({ state: 'regressed', change: 0.25 })
})

test('an answer that goes on differs from one that ends', () => {
  const given = { answers: [answer(0, 'answer 0, and more')], unanswered: [] }
  expect(compareAnswers(golden, given, 0, about).message).toContain('from character 9 on, ", and more" and not the end')
})

test('prompts without a golden answer do not count, and with none at all nothing is judged', () => {
  expect(compareAnswers(golden, { answers: [...kept, answer(9, 'new')], unanswered: [] }, 0, about).state).toBe('pass')
  expect(compareAnswers(golden, { answers: [answer(9, 'new')], unanswered: [] }, 0, about)).toMatchObject({ state: 'error' })
})
