import { expect, test } from 'vitest'
import { StopStrings } from '../../../src/servers/embedded/stop-strings.ts'

/** What is sent of pieces, one text a piece, and whether it stopped. */
function sent(stops: string[], pieces: string[]): [texts: string[], stopped: boolean] {
  const finder = new StopStrings(stops)
  const texts: string[] = []
  for (const piece of pieces) {
    const { text, stopped } = finder.push(piece)
    texts.push(text)
    if (stopped) return [texts, true]
  }
  return [[...texts, finder.end()], false]
}

test('without stop strings every piece goes through', () => {
  expect(sent([], ['a', 'b'])).toEqual([['a', 'b', ''], false])
})

test('a stop string over several pieces is never sent', () => {
  expect(sent(['END'], ['one E', 'N', 'D two'])).toEqual([['one ', '', ''], true])
})

test('what only begins like one is sent late, and at the end', () => {
  expect(sent(['END'], ['one E', 'N', 'O', 'EN'])).toEqual([['one ', '', 'ENO', '', 'EN'], false])
})

test('the earliest of several stops', () => {
  expect(sent(['cd', 'b'], ['abcd'])).toEqual([['a'], true])
})

test('a stop string that overlaps itself', () => {
  expect(sent(['aab'], ['a', 'a', 'a', 'b'])).toEqual([['', '', 'a', ''], true])
})
