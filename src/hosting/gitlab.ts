import type { ApiAccess } from './api.ts'
import { Api } from './api.ts'
import { readComments } from './comments.ts'
import type { CommentHost } from './host.ts'

const PAGE = 100

/** A merge request on GitLab. */
export interface MergeRequest {
  /** Id or path of the project that it is to be merged into. */
  readonly project: string
  /** Number within the project. */
  readonly number: number
}

/** Notes on a merge request, by GitLab's REST API. */
export function gitlabHost(baseURL: string, token: string, { project, number }: MergeRequest): CommentHost {
  const api = new Api({ baseURL, authorization: { 'private-token': token }, token } satisfies ApiAccess)
  const notes = `/projects/${encodeURIComponent(project)}/merge_requests/${number}/notes`
  return {
    subject: `merge request ${number} of project ${project}`,
    async page(page) {
      const comments = readComments(await api.request('GET', `${notes}?sort=asc&order_by=created_at&per_page=${PAGE}&page=${page}`))
      return { comments, last: comments.length < PAGE }
    },
    async create(body) {
      await api.request('POST', notes, { body })
    },
    async update(id, body) {
      await api.request('PUT', `${notes}/${id}`, { body })
    },
    close: () => api.close(),
  }
}
