import type { ApiAccess } from './api.ts'
import { Api } from './api.ts'
import { readComments } from './comments.ts'
import type { CommentHost } from './host.ts'

const PAGE = 100

/** A pull request on GitHub. */
export interface PullRequest {
  /** `owner/name`. */
  readonly repository: string
  readonly number: number
}

/** Comments on a pull request, by GitHub's REST API. */
export function githubHost(baseURL: string, token: string, { repository, number }: PullRequest): CommentHost {
  const authorization = { authorization: `Bearer ${token}`, 'x-github-api-version': '2022-11-28' }
  const api = new Api({ baseURL, authorization, token } satisfies ApiAccess)
  const issues = `/repos/${repository}/issues`
  return {
    subject: `pull request ${number} of ${repository}`,
    async page(page) {
      const comments = readComments(await api.request('GET', `${issues}/${number}/comments?per_page=${PAGE}&page=${page}`))
      return { comments, last: comments.length < PAGE }
    },
    async create(body) {
      await api.request('POST', `${issues}/${number}/comments`, { body })
    },
    async update(id, body) {
      await api.request('PATCH', `${issues}/comments/${id}`, { body })
    },
    close: () => api.close(),
  }
}
