import type { Style } from './style.ts'

/** A cell: text, and whether it is a figure that the sample can't support. */
export interface Cell {
  text: string
  doubtful?: boolean
}

/** Lines of a table: the first column to the left, the others to the right, doubtful figures dimmed and marked `*`. */
export function renderTable(head: readonly string[], rows: readonly (readonly Cell[])[], style: Style): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.text.length ?? 0)))
  const line = (cells: readonly Cell[], paint: (text: string) => string): string =>
    cells
      .map(({ text, doubtful }, column) => {
        const width = widths[column]!
        if (column === 0) return paint(text.padEnd(width))
        // The place of the mark is kept free in every row, so that the figures stand in line.
        return doubtful === true ? style.dim(`${text.padStart(width)}*`) : `${paint(text.padStart(width))} `
      })
      .join('  ')
      .trimEnd()
  return [
    line(
      head.map((text) => ({ text })),
      style.bold,
    ),
    ...rows.map((row) => line(row, (text) => text)),
  ]
}
