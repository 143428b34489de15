/** Token types of GGUF. */
const TYPE = { normal: 1, unknown: 2, control: 3, byte: 6 } as const

/** ChatML, as the tiny model's chat template. */
export const TINY_CHAT_TEMPLATE =
  "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}" +
  '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}'

/** The words that the tiny model speaks. */
const WORDS = (
  'the of and to in a is that it was for on are as with his they at be this from have or by one had not but what all were when we ' +
  'there can an your which their said if do will each about how up out them then she many some so these would other into has more ' +
  'her two like him see time could no make than first been its who now people my made over did down only way find use may water ' +
  'long little very after words called just where most know get through back much before go good new write our used me man too any ' +
  'day same right look think also around another came come work three word must because does part even place well such here take ' +
  'why things help put years different away again off went old number great tell men say small every found still between name ' +
  'should home big give air line set own under read last never us left end along while might next sound below saw something ' +
  'thought both few those always show large often together asked house world going want school important until form food keep ' +
  'children feet land side without boy once animal life enough took four head above kind began almost live page got earth need ' +
  'far hand high year mother light country father let night picture being study second soon story since white ever paper hard ' +
  'near sentence better best across during today however sure knew try told young sun thing whole hear example heard several ' +
  'change answer room sea against top turned learn point city play toward five himself usually money seen car morning body upon ' +
  'family later turn move face door cut done group true half red fish plants living black eat short run book gave order open ' +
  'ground cold really table remember tree course front space inside ago sad early learned brought close nothing though idea ' +
  'before lived became add become grow draw yet less wind behind cannot letter among able dog shown mean english rest perhaps'
).split(' ')

/** One entry of the vocabulary; its id is its place. */
interface VocabularyEntry {
  readonly text: string
  readonly type: (typeof TYPE)[keyof typeof TYPE]
  readonly score: number
}

export interface TinyVocabulary {
  readonly entries: readonly VocabularyEntry[]
  /** Byte-pair merges, best first. */
  readonly merges: readonly (readonly [string, string])[]
  /** Ids that the model may generate: whole words, full stop and comma. */
  readonly spoken: ReadonlySet<number>
  readonly ids: { readonly unknown: number; readonly bos: number; readonly eos: number; readonly endOfTurn: number }
}

/**
 * The vocabulary. Every piece of several characters starts with '▁' and each of its prefixes is a piece too, so any text made of
 * spoken tokens tokenises in one way only: into just those tokens. Counts of chunks, usage and retokenised text then agree.
 */
export function tinyVocabulary(): TinyVocabulary {
  const entries: VocabularyEntry[] = []
  const merges: [string, string][] = []
  const idOf = new Map<string, number>()
  const add = (text: string, type: VocabularyEntry['type'], score: number): number => {
    const known = idOf.get(text)
    if (known !== undefined) return known
    idOf.set(text, entries.length)
    return entries.push({ text, type, score }) - 1
  }
  const ids = {
    unknown: add('<unk>', TYPE.unknown, 0),
    bos: add('<s>', TYPE.control, 0),
    eos: add('</s>', TYPE.control, 0),
  }
  add('<|im_start|>', TYPE.control, 0)
  const endOfTurn = add('<|im_end|>', TYPE.control, 0)
  for (let byte = 0; byte < 256; byte++) add(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, TYPE.byte, 0)
  for (const word of WORDS) {
    for (let length = 1; length <= word.length; length++) {
      const piece = `▁${word.slice(0, length)}`
      if (idOf.has(piece)) continue
      add(piece, TYPE.normal, -merges.length)
      merges.push([piece.slice(0, -1), piece.slice(-1)])
    }
  }
  const single = -10_000
  for (const character of ['▁', '\n']) add(character, TYPE.normal, single)
  for (let code = 0x21; code < 0x7f; code++) add(String.fromCharCode(code), TYPE.normal, single)
  const spoken = new Set([...WORDS.map((word) => idOf.get(`▁${word}`)!), idOf.get('.')!, idOf.get(',')!])
  return { entries, merges, spoken, ids: { ...ids, endOfTurn } }
}

/** The same vocabulary as a Hugging Face `tokenizer.json`. */
export function tinyTokenizerJson(): unknown {
  const { entries, merges, ids } = tinyVocabulary()
  const bos = entries[ids.bos]!.text
  const startWithBos = [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }]
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: entries.flatMap(({ text, type }, id) =>
      type === TYPE.control || type === TYPE.unknown
        ? [{ id, content: text, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }]
        : [],
    ),
    normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: startWithBos,
      pair: [...startWithBos, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { [bos]: { id: bos, ids: [ids.bos], tokens: [bos] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: entries[ids.unknown]!.text,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(entries.map(({ text }, id) => [text, id])),
      merges: merges.map((pair) => pair.join(' ')),
    },
  }
}
