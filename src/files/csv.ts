/** A cell of a CSV file; undefined is an empty cell. */
export type CsvCell = string | number | undefined

/** A text that stands in quotes whatever it holds, such as the list cells of a rollout's files. */
export interface QuotedCell {
  readonly quoted: string
}

/**
 * One row of a CSV file after RFC 4180, without its line end: cells are quoted only where they must be, or where a
 * {@link QuotedCell} asks for it.
 */
export function csvRow(cells: readonly (CsvCell | QuotedCell)[]): string {
  return cells.map(cellText).join(',')
}

function cellText(cell: CsvCell | QuotedCell): string {
  if (cell === undefined) return ''
  if (typeof cell === 'object') return quote(cell.quoted)
  const text = String(cell)
  return /[",\r\n]/.test(text) ? quote(text) : text
}

const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`
