import { expect, test } from 'vitest'
import type { AnswerSink } from '../../../../../src/targets/answer.ts'
import { decode } from '../../../../../src/targets/protocols/openai/decode.ts'

/** What a sink is told, as a list. */
function told(value: unknown): unknown[][] {
  const calls: unknown[][] = []
  const sink: AnswerSink = {
    token: (...call) => text(call[1]) && calls.push(['token', ...call]),
    textSoFar: (...call) => calls.push(['so far', ...call]),
    finish: (...call) => calls.push(['finish', ...call]),
    usage: (...call) => calls.push(['usage', ...call]),
    serverError: (...call) => calls.push(['error', ...call]),
  }
  decode(typeof value === 'string' ? value : JSON.stringify(value), sink)
  return calls
}

const text = (value: string) => value !== ''
const chunk = (delta: object, more: object = {}) => ({ choices: [{ index: 0, delta, finish_reason: null, ...more }] })
const counts = { prompt_tokens: 5, completion_tokens: 7 }

test.each<[string, unknown, unknown[][]]>([
  ['the role chunk carries no token', chunk({ role: 'assistant', content: '' }), []],
  ['a role that comes together with content is a token', chunk({ role: 'assistant', content: 'a' }), [['token', 0, 'a', 'answer']]],
  ['a chunk without choices carries no token', { choices: [] }, []],
  ['null content carries no token', chunk({ content: null }), []],
  ['content is a token of the answer', chunk({ content: 'a' }), [['token', 0, 'a', 'answer']]],
  ['reasoning_content is a token of the reasoning', chunk({ reasoning_content: 'a' }), [['token', 0, 'a', 'reasoning']]],
  ['reasoning is one too', chunk({ reasoning: 'a' }), [['token', 0, 'a', 'reasoning']]],
  ['the same reasoning under both names counts once', chunk({ reasoning: 'a', reasoning_content: 'a' }), [['token', 0, 'a', 'reasoning']]],
  [
    'the end of reasoning and the start of the answer in one chunk',
    chunk({ reasoning_content: 'a', content: 'b' }),
    [
      ['token', 0, 'a', 'reasoning'],
      ['token', 0, 'b', 'answer'],
    ],
  ],
  [
    'a tool call is a token of the answer',
    chunk({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '{"x"' } }] }),
    [['token', 0, 'f{"x"', 'answer']],
  ],
  [
    'the finish chunk may carry content',
    chunk({ content: 'z' }, { finish_reason: 'length' }),
    [
      ['token', 0, 'z', 'answer'],
      ['finish', 0, 'length'],
    ],
  ],
  [
    'several entries of one index',
    {
      choices: [
        { index: 0, delta: { content: 'a' } },
        { index: 0, delta: { content: 'b' }, finish_reason: 'stop' },
      ],
    },
    [
      ['token', 0, 'a', 'answer'],
      ['token', 0, 'b', 'answer'],
      ['finish', 0, 'stop'],
    ],
  ],
  ['the text of a plain completion', { choices: [{ index: 1, text: 'a', finish_reason: null }] }, [['token', 1, 'a', 'answer']]],
  ['a choice without an index is the first', { choices: [{ text: 'a' }] }, [['token', 0, 'a', 'answer']]],
  ['usage alone', { choices: [], usage: counts }, [['usage', 5, 7]]],
  [
    'usage with a token (continuous usage)',
    { ...chunk({ content: 'a' }), usage: counts },
    [
      ['token', 0, 'a', 'answer'],
      ['usage', 5, 7],
    ],
  ],
  ['usage that is null or half is none', { choices: [], usage: { completion_tokens: 3 } }, []],
  ['an error object', { error: { message: 'no memory', code: 500 } }, [['error', 'no memory']]],
  ['an error text', { error: 'no memory' }, [['error', 'no memory']]],
  ['an error without a message', { error: {} }, [['error', 'the server reported an error without a message']]],
  ['an object of kind error', { object: 'error', message: 'too long', code: 40_303 }, [['error', 'too long (code 40303)']]],
  ['a code from 400 on', { id: 'x', message: 'bad prompt', code: 400 }, [['error', 'bad prompt (code 400)']]],
  ['a code of success and a null error are none', { ...chunk({ content: 'a' }), code: 200, error: null }, [['token', 0, 'a', 'answer']]],
  [
    'a whole message',
    { choices: [{ index: 0, message: { role: 'assistant', reasoning_content: 'r', content: 'a' }, finish_reason: 'stop' }], usage: counts },
    [
      ['token', 0, 'r', 'reasoning'],
      ['token', 0, 'a', 'answer'],
      ['finish', 0, 'stop'],
      ['usage', 5, 7],
    ],
  ],
  ['an event of another kind is passed over', { type: 'ping' }, []],
])('%s', (_, value, calls) => {
  expect(told(value)).toEqual(calls)
})

test.each(['', '{', 'null', '[]', '7', 'data'])('%j is no event of this protocol', (json) => {
  expect(() => told(json)).toThrow(expect.objectContaining({ kind: 'protocol' }))
})
