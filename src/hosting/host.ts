/** A comment as its host holds it. */
export interface HostedComment {
  readonly id: number
  readonly body: string
}

/** A pull request, or merge request, that comments are made on. */
export interface CommentHost {
  /** In words: `pull request 12 of owner/name`. */
  readonly subject: string
  /** The comments of a page, from 1; `last` where none follows. */
  page(number: number): Promise<{ comments: readonly HostedComment[]; last: boolean }>
  create(body: string): Promise<void>
  update(id: number, body: string): Promise<void>
  close(): Promise<void>
}
