import { styleText } from 'node:util'

type Paint = (text: string) => string

/** Colours and width of the terminal that is written to. */
export interface Style {
  /** Characters in a line. */
  readonly columns: number
  readonly bold: Paint
  readonly dim: Paint
  readonly good: Paint
  readonly bad: Paint
  readonly warn: Paint
}

const WIDEST = 100
const NARROWEST = 72

/** A palette; without colour every paint leaves its text as it is. */
export function createStyle(color: boolean, columns = WIDEST): Style {
  const paint = (format: Parameters<typeof styleText>[0]): Paint =>
    color ? (text) => styleText(format, text, { validateStream: false }) : (text) => text
  return {
    columns: Math.max(NARROWEST, Math.min(WIDEST, columns)),
    bold: paint('bold'),
    dim: paint('dim'),
    good: paint('green'),
    bad: paint('red'),
    warn: paint('yellow'),
  }
}

/** The style that fits standard output: colours on a terminal only, and `NO_COLOR` and `FORCE_COLOR` are honoured. */
export function terminalStyle(
  stream: { isTTY?: boolean; columns?: number } = process.stdout,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Style {
  return createStyle(hasColor(stream.isTTY === true, env), stream.isTTY === true ? stream.columns : undefined)
}

function hasColor(isTTY: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env['NO_COLOR']) return false
  const forced = env['FORCE_COLOR']
  return forced === undefined ? isTTY : forced !== '0' && forced !== 'false'
}

/** The same style for lines that are indented by `by` characters. */
export function indented(style: Style, by: number): Style {
  return { ...style, columns: style.columns - by }
}
