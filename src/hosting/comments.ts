import { z } from 'zod'
import { LlmBenchError } from '../errors.ts'
import type { HostedComment } from './host.ts'

const commentsSchema = z.array(z.object({ id: z.int(), body: z.string().nullish() }))

/** Comments as GitHub and GitLab list them. */
export function readComments(answer: unknown): HostedComment[] {
  const { success, data } = commentsSchema.safeParse(answer)
  if (!success) throw new LlmBenchError('COMMENT', 'the list of comments has another form than expected: is it the base URL of the API?')
  return data.map(({ id, body }) => ({ id, body: body ?? '' }))
}
