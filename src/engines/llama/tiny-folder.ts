import { encodeSafetensors } from './safetensors.ts'
import type { SafeTensor } from './safetensors.ts'
import { TINY_CHAT_TEMPLATE, tinyVocabulary } from './tiny-vocabulary.ts'
import { tinyWeights } from './tiny-weights.ts'
import type { TinyShape } from './tiny-weights.ts'

/** Hugging Face's names of what GGUF calls otherwise. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^token_embd/, 'model.embed_tokens'],
  [/^output_norm/, 'model.norm'],
  [/^output\b/, 'lm_head'],
  [/^blk\.(\d+)/, 'model.layers.$1'],
  [/attn_norm/, 'input_layernorm'],
  [/ffn_norm/, 'post_attention_layernorm'],
  [/attn_([qkv])/, 'self_attn.$1_proj'],
  [/attn_output/, 'self_attn.o_proj'],
  [/ffn_(gate|up|down)/, 'mlp.$1_proj'],
]

/** Files of the tiny model as a Hugging Face folder, but for its `tokenizer.json`: the same weights as the GGUF file's. */
export function tinyFolderFiles(shape: TinyShape, contextLength: number): Record<string, string | Buffer> {
  const vocabulary = tinyVocabulary()
  const { entries, ids } = vocabulary
  const bos = entries[ids.bos]!.text
  const eos = entries[ids.eos]!.text
  const tensors = tinyWeights(shape, vocabulary).map(({ name, shape: size, data }): SafeTensor => {
    const heads = name.includes('attn_q') ? shape.heads : name.includes('attn_k') ? shape.kvHeads : undefined
    return {
      name: NAMES.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), name),
      shape: size.toReversed(),
      data: heads !== undefined && data instanceof Uint16Array ? halvesFromPairs(data, size[0]!, heads) : data,
    }
  })
  return {
    'model.safetensors': encodeSafetensors(tensors),
    'config.json': json({
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      vocab_size: entries.length,
      hidden_size: shape.width,
      intermediate_size: shape.feedForward,
      num_hidden_layers: shape.layers,
      num_attention_heads: shape.heads,
      num_key_value_heads: shape.kvHeads,
      head_dim: shape.width / shape.heads,
      hidden_act: 'silu',
      max_position_embeddings: contextLength,
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      tie_word_embeddings: false,
      attention_bias: false,
      mlp_bias: false,
      bos_token_id: ids.bos,
      eos_token_id: ids.eos,
      torch_dtype: 'float32',
    }),
    'generation_config.json': json({ bos_token_id: ids.bos, eos_token_id: [ids.eos, ids.endOfTurn], do_sample: false }),
    'tokenizer_config.json': json({
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: bos,
      eos_token: eos,
      unk_token: entries[ids.unknown]!.text,
      pad_token: eos,
      model_max_length: contextLength,
      clean_up_tokenization_spaces: false,
      chat_template: TINY_CHAT_TEMPLATE,
    }),
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`
}

/** Rotary embedding turns neighbouring rows of a head together in GGUF, and rows half a head apart in transformers. */
function halvesFromPairs(data: Uint16Array, columns: number, heads: number): Uint16Array {
  const rows = data.length / columns / heads
  const result = new Uint16Array(data.length)
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < rows; row++) {
      const from = (head * rows + row) * columns
      const to = (head * rows + (row % 2) * (rows / 2) + (row >> 1)) * columns
      result.set(data.subarray(from, from + columns), to)
    }
  }
  return result
}
