import { LlmBenchError } from '../errors.ts'

/** Whole numbers as ascending ranges: `formatRanges([0, 1, 2, 3, 4, 7])` is `'0-4,7'`. */
export function formatRanges(numbers: Iterable<number>): string {
  const ranges: [first: number, last: number][] = []
  for (const number of [...new Set(numbers)].toSorted((a, b) => a - b)) {
    const range = ranges.at(-1)
    if (range !== undefined && range[1] === number - 1) range[1] = number
    else ranges.push([number, number])
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',')
}

/**
 * The numbers that ranges stand for, ascending.
 * @throws LlmBenchError `RESULTS` where the text is not of the form `0-4,7`
 */
export function parseRanges(text: string): number[] {
  if (text === '') return []
  const numbers = new Set<number>()
  for (const part of text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part)
    const first = Number(match?.[1])
    const last = Number(match?.[2] ?? first)
    if (match === null || last < first) {
      throw new LlmBenchError('RESULTS', `'${text}' does not list finished batches: expected ranges such as 0-4,7.`)
    }
    for (let number = first; number <= last; number++) numbers.add(number)
  }
  return [...numbers].toSorted((a, b) => a - b)
}
