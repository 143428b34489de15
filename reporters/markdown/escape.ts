import { plainText } from '../text.ts'

/** Characters that turn the direction of text: with them a name could read as something else. */
const DIRECTION = /[\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

/** Shows as nothing, and keeps what stands around it from being one word. */
const ZERO_WIDTH = '\u200B'

/**
 * A text of the user's or a server's as Markdown that shows it and does nothing else, on one line: no markup, no HTML, no link, no
 * end of a table's cell, and nobody is mentioned by it (`@name`, `#12`, `!12`, `GH-12`).
 */
export function inline(text: string): string {
  return (
    oneLine(text)
      .replaceAll(/[\\`*_[\]~$]/g, String.raw`\$&`)
      .replaceAll(/&(?=#?\w+;)/g, '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('|', '&vert;')
      // Mentions are looked for in what is shown, so that no way of writing the sign keeps them from being found.
      .replaceAll(/@(?=\w)|[#!](?=\d)|\bGH-(?=\d)/gi, `$&${ZERO_WIDTH}`)
      .replaceAll(/\b(https?|ftp):(?=\/\/)/gi, `$&${ZERO_WIDTH}`)
      .replaceAll(/\bwww(?=\.)/gi, `$&${ZERO_WIDTH}`)
      // At the start of a line these would begin a heading, a list, or underline one.
      .replace(/^[#+=-]/, String.raw`\$&`)
      .replace(/^(\d+)([.)])/, String.raw`$1\$2`)
  )
}

/** A name as a code span, in which nothing is markup and nobody is mentioned. */
export function code(text: string): string {
  const line = oneLine(text)
  // A pipe ends a table's cell even within a code span.
  if (line === '' || line.includes('|')) return htmlCode(text)
  const longest = (line.match(/`+/g) ?? []).reduce((length, run) => Math.max(length, run.length), 0)
  const fence = '`'.repeat(longest + 1)
  const padding = /^`|`$|^ .* $/.test(line) ? ' ' : ''
  return `${fence}${padding}${line}${padding}${fence}`
}

/** A name as code where Markdown is not read, as in `<summary>`. */
export function htmlCode(text: string): string {
  return `<code>${oneLine(text).replaceAll(/[^\w ,()/-]|_/gu, (sign) => `&#${sign.codePointAt(0)};`)}</code>`
}

/** Lines as they are, in a block. */
export function codeBlock(text: string): string {
  const lines = plainText(text).replaceAll(DIRECTION, '').trimEnd()
  const longest = (lines.match(/`{3,}/g) ?? []).reduce((length, run) => Math.max(length, run.length), 2)
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${lines}\n${fence}`
}

function oneLine(text: string): string {
  return plainText(text).replaceAll(DIRECTION, '').replaceAll(/\s+/g, ' ').trim()
}

/** How the cells of a column stand. */
export type Alignment = 'left' | 'right'

/** A table; cells are Markdown already. */
export function table(head: readonly string[], alignment: readonly Alignment[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(alignment.map((side) => (side === 'left' ? '---' : '---:'))), ...rows.map(row)].join('\n')
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** A part that opens on a click; the title is HTML already. */
export function folded(title: string, content: string): string {
  // Without the blank lines the content would be read as HTML.
  return `<details><summary>${title}</summary>\n\n${content}\n\n</details>`
}
