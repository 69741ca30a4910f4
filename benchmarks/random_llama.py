"""Llamas with random weights made by seed, and records of random words that fill their context."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

SEED = 0
RECORDS_PER_PACK = 4
_PROMPT_SHARE = 0.75
_EXTRA_TOKENS = 3  # BOS, the separator and EOS


@dataclass(frozen=True)
class Shape:
    """What makes a model cost what it costs."""

    vocabulary: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    half_precision: bool = False


def small_shape(vocabulary: int) -> Shape:
    """Layers as of SmolLM2-135M, but two of thirty, so that the output projection weighs more."""
    return Shape(vocabulary, hidden=576, intermediate=1536, layers=2, heads=9, kv_heads=3)


LLAMA_2_7B = Shape(32_000, 4096, 11_008, 32, heads=32, kv_heads=32, half_precision=True)


def save_random_llama(folder: Path, shape: Shape) -> None:
    """Write the model and a tokenizer of as many words as the model has embeddings."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    special = ["<unk>", "<s>", "</s>"]
    words = special + [_word(number) for number in range(shape.vocabulary - len(special))]
    tokenizer = Tokenizer(
        models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<unk>",
    ).save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        max_position_embeddings=4096,
        bos_token_id=1,
        eos_token_id=2,
    )
    torch.manual_seed(SEED)
    model = LlamaForCausalLM(config)
    (model.bfloat16() if shape.half_precision else model).save_pretrained(folder)


def write_records(path: Path, count: int, tokens_per_pack: int, vocabulary: int) -> None:
    """Prompts and completions of words by seed, so long that four of them fill a pack."""
    draw = random.Random(SEED)
    length = tokens_per_pack // RECORDS_PER_PACK - _EXTRA_TOKENS
    prompt_length = int(length * _PROMPT_SHARE)
    with path.open("w") as stream:
        for _ in range(count):
            words = [_word(draw.randrange(vocabulary - 3)) for _ in range(length)]
            record = {
                "prompt": " ".join(words[:prompt_length]),
                "completion": " " + " ".join(words[prompt_length:]),
            }
            stream.write(json.dumps(record) + "\n")


def _word(number: int) -> str:
    return f"w{number}"
