import type { CommentHost, HostedComment } from './host.ts'

/** 100 comments a page. */
const PAGES = 100

/** What came of a comment that was to be kept. */
export type Kept = 'created' | 'updated' | 'unchanged' | 'silent'

/** A comment that there is at most one of. */
export interface KeptComment {
  /** Hidden first line by which it is found again. */
  readonly marker: string
  /** All that follows the marker. */
  readonly text: string
  /** Whether it is made where there is none yet. */
  readonly create: boolean
}

/** The hidden line by which the comment of a suite is found again; suites of other keys have comments of their own. */
export function markerOf(key: string): string {
  // `--` would end the HTML comment for some readers.
  return `<!-- vitest-llm-bench:${encodeURIComponent(key).replaceAll('-', '%2D')} -->`
}

/** Writes the one comment that begins with the marker; where there is none, makes it if it may. */
export async function keepComment(host: CommentHost, { marker, text, create }: KeptComment): Promise<Kept> {
  const body = `${marker}\n${text}`
  const existing = await find(host, marker)
  if (existing === undefined) {
    if (!create) return 'silent'
    await host.create(body)
    return 'created'
  }
  if (sameText(existing.body, body)) return 'unchanged'
  await host.update(existing.id, body)
  return 'updated'
}

/** Only at the beginning: an answer that quotes the comment holds the marker too. */
async function find(host: CommentHost, marker: string): Promise<HostedComment | undefined> {
  for (let page = 1; page <= PAGES; page++) {
    const { comments, last } = await host.page(page)
    const found = comments.find(({ body }) => body.startsWith(marker))
    if (found !== undefined || last) return found
  }
  return undefined
}

function sameText(a: string, b: string): boolean {
  return normalized(a) === normalized(b)
}

/** Hosts change line ends and trim. */
function normalized(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd()
}
