import type { Style } from './style.ts'

/** A cell: text, and whether it is a figure that the sample can't support. */
export interface Cell {
  text: string
  doubtful?: boolean
}

/** Lines of a table: the first column to the left, the others to the right, doubtful figures dimmed and marked `*`. */
export function renderTable(head: readonly string[], rows: readonly (readonly Cell[])[], style: Style): string[] {
  const columns = head.map((title, column) => ({
    width: Math.max(title.length, ...rows.map((row) => row[column]?.text.length ?? 0)),
    // Where one figure is marked, the others keep the mark's place free, so that they stand in line.
    marked: rows.some((row) => row[column]?.doubtful === true),
  }))
  const line = (cells: readonly Cell[], paint: (text: string) => string): string =>
    cells
      .map(({ text, doubtful }, column) => {
        const { width, marked } = columns[column]!
        if (column === 0) return paint(text.padEnd(width))
        return doubtful === true ? style.dim(`${text.padStart(width)}*`) : `${paint(text.padStart(width))}${marked ? ' ' : ''}`
      })
      .join('  ')
      .trimEnd()
  const titles = head.map((text) => ({ text }))
  return [line(titles, style.bold), ...rows.map((row) => line(row, (text) => text))]
}
